//! Accounts as people read them.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::store::{Note, Store, User};

/// Accounts told of at once.
const PAGE: usize = 100;
/// Notes told of.
const NOTES: u64 = 20;

/// A page of accounts. Their names come last: they are of any length and script.
pub(super) async fn list(store: &Store, after: i64, now: DateTime<Utc>) -> anyhow::Result<String> {
    // One more than is told of: whether there are more.
    let mut users = store.users_after(after, PAGE as u64 + 1).await?;
    let there_are_more = users.len() > PAGE;
    users.truncate(PAGE);
    let logins = store.logins_of(&users, now).await?;
    let mut text =
        format!("{:>8}  {:8}  {:19}  {:>6}  name\n", "id", "state", "created (UTC)", "logins");
    for user in &users {
        let count = logins.get(&user.id).copied().unwrap_or_default();
        let (state, created, name) = (state(user), time(user.created_at), &user.username);
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "{:>8}  {state:8}  {created}  {count:>6}  {name}", user.id);
    }
    if let Some(last) = users.last().filter(|_| there_are_more) {
        let _infallible = writeln!(text, "There are more: users list --after {}", last.id);
    }
    Ok(text)
}

/// One account, and what was done to it last.
pub(super) async fn show(store: &Store, user: &User, now: DateTime<Utc>) -> anyhow::Result<String> {
    let logins = store.logins_of(std::slice::from_ref(user), now).await?;
    let notes = store.notes_about(user.id, NOTES).await?;
    Ok(card(user, logins.get(&user.id).copied().unwrap_or_default(), &notes))
}

fn card(user: &User, logins: i64, notes: &[Note]) -> String {
    let (state, created) = (state(user), time(user.created_at));
    let mut text = format!(
        "id             {}\nname           {}\nstate          {state}\ncreated (UTC)  {created}\n\
         logins         {logins}\n",
        user.id, user.username,
    );
    if let Some(deleted_at) = user.deleted_at {
        let _infallible = writeln!(text, "deleted (UTC)  {}", time(deleted_at));
    }
    for note in notes {
        let at = time(note.at);
        let _infallible = writeln!(text, "{at}  {:8}  {}", note.actor, note.act);
    }
    text
}

fn state(user: &User) -> &'static str {
    match (user.deleted_at, user.is_active) {
        (Some(_), _) => "deleted",
        (None, true) => "active",
        (None, false) => "inactive",
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%F %T").to_string()
}

#[cfg(test)]
mod tests {
    use database::Database;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::Candidate;

    #[tokio::test]
    async fn a_page_is_a_hundred_and_says_how_to_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for number in 1..=101 {
            store.create(Candidate::of(&format!("person{number}"), ""), now).await.unwrap();
        }
        let first = list(&store, 0, now).await.unwrap();
        let lines: Vec<_> = first.lines().collect();
        assert_eq!(lines[0], "      id  state     created (UTC)        logins  name");
        assert_eq!(lines[1], "       1  active    2027-01-15 08:00:00       0  person1");
        assert!(lines[100].ends_with("person100"), "{}", lines[100]);
        assert_eq!(lines[101..], ["There are more: users list --after 100"]);
        let rest = list(&store, 100, now).await.unwrap();
        assert_eq!(rest.lines().count(), 2);
        assert!(rest.contains("person101") && !rest.contains("more"), "{rest}");
        assert_eq!(list(&store, 101, now).await.unwrap().lines().count(), 1);
    }
}
