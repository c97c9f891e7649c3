//! Services that are killed between any two steps of a deletion.

use e2e::User;

use super::obstacles::{Moment, clear, fail_before, stands, stop_before};
use super::remains::Remains;
use super::services::Services;

/// What the chat service deletes, in order.
const TABLES: [&str; 6] =
    ["messages", "turns", "sessions", "requests", "usage_days", "preferences"];

impl Services {
    /// How many rows the chat service has of somebody, table by table.
    async fn left_of(&self, user: &User) -> Vec<(&'static str, i64)> {
        let mut left = Vec::new();
        for table in TABLES {
            let rows = format!("{table} WHERE user_id = {}", user.id);
            left.push((table, self.conversations.count(&rows).await));
        }
        left
    }

    async fn kill_chat(&mut self) {
        self.chat.kill().await;
    }

    async fn kill_auth(&mut self) {
        self.auth.kill().await;
    }

    fn start_chat(&mut self) {
        self.chat = self.apart.start("chat-service");
    }

    fn start_auth(&mut self) {
        self.auth = self.apart.start("auth-service");
    }

    /// The chat service dies at a moment of this person's deletion, once `before` is so, and comes back. What
    /// was left of them then.
    async fn chat_dies_at(
        &mut self,
        moment: Moment<'_>,
        user: &User,
        before: impl AsyncFnOnce(&Remains),
    ) -> Vec<(&'static str, i64)> {
        stop_before(&self.conversations, moment).await;
        assert!(self.delete(user).await);
        before(&self.conversations).await;
        self.kill_chat().await;
        let left = self.left_of(user).await;
        clear(&self.conversations, moment).await;
        self.start_chat();
        self.gone(user).await;
        left
    }

    /// The auth service dies at a moment of this person's deletion, once `before` is so. Whether it had
    /// answered.
    async fn auth_dies_at(
        &mut self,
        moment: Moment<'_>,
        user: &User,
        before: impl AsyncFnOnce(&Remains),
    ) -> bool {
        stop_before(&self.accounts, moment).await;
        let dying = async {
            before(&self.conversations).await;
            stands(&self.accounts).await;
            self.auth.signal("KILL").await;
        };
        let (answered, ()) = tokio::join!(self.delete(user), dying);
        self.kill_auth().await;
        clear(&self.accounts, moment).await;
        answered
    }

    /// As [`Self::auth_dies_at`], once the chat service has nothing more of this person.
    async fn auth_dies_afterwards_at(&mut self, moment: Moment<'_>, user: &User) {
        let id = user.id;
        let before = async |conversations: &Remains| {
            conversations.until(&format!("departed WHERE user_id = {id}"), 1).await;
            conversations.until(&format!("preferences WHERE user_id = {id}"), 0).await;
        };
        self.auth_dies_at(moment, user, before).await;
        assert!(self.left_of(user).await.iter().all(|(_, rows)| *rows == 0));
        assert_eq!(self.accounts.count("deletions").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_done_wherever_the_chat_service_is_killed() {
    let mut services = Services::start().await;
    let ada = services.somebody().await;
    let hers = format!("new.user_id = {}", ada.id);
    let left = services.chat_dies_at(("INSERT", "departed", &hers), &ada, stands).await;
    println!("before the tombstone: {left:?}");
    assert!(left.iter().all(|(_, rows)| *rows > 0), "{left:?}");

    for (number, table) in TABLES.into_iter().enumerate() {
        let ada = services.somebody().await;
        let hers = format!("old.user_id = {}", ada.id);
        let before = async |conversations: &Remains| {
            conversations.until(&format!("departed WHERE user_id = {}", ada.id), 1).await;
            for table in &TABLES[..number] {
                conversations.until(&format!("{table} WHERE user_id = {}", ada.id), 0).await;
            }
        };
        let left = services.chat_dies_at(("DELETE", table, &hers), &ada, before).await;
        println!("before {table}: {left:?}");
        let (done, due) = left.split_at(number);
        assert!(done.iter().all(|(_, rows)| *rows == 0), "{left:?}");
        assert!(due.iter().all(|(_, rows)| *rows > 0), "{left:?}");
    }
    for (number, table) in ["messages", "turns"].into_iter().enumerate() {
        let ada = services.somebody().await;
        let all = services.left_of(&ada).await[number].1;
        let first = format!("SELECT MIN(id) FROM {table} WHERE user_id = {}", ada.id);
        let first = services.conversations.number(&first).await;
        let last = format!("SELECT MAX(id) FROM {table} WHERE user_id = {}", ada.id);
        let last = services.conversations.number(&last).await;
        let last = format!("old.id = {last}");
        let before = async |conversations: &Remains| {
            conversations.until(&format!("{table} WHERE id = {first}"), 0).await;
        };
        let left = services.chat_dies_at(("DELETE", table, &last), &ada, before).await;
        println!("in the middle of {table}, of {all}: {left:?}");
        assert!((1..all).contains(&left[number].1), "{left:?}");
    }

    // All is done there, and has to be done again.
    let ada = services.somebody().await;
    let hers = format!("old.id = {}", ada.id);
    services.auth_dies_afterwards_at(("UPDATE OF username", "users", &hers), &ada).await;
    services.kill_chat().await;
    services.start_chat();
    services.start_auth();
    services.assert_that_only_tombstones_are_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_done_wherever_the_auth_service_is_killed() {
    let mut services = Services::start().await;
    // Before the commit: nothing has happened, and it can be asked for again.
    for (what, table, id) in
        [("UPDATE OF deleted_at", "users", "old.id"), ("INSERT", "deletions", "new.user_id")]
    {
        let ada = services.somebody().await;
        let hers = format!("{id} = {}", ada.id);
        let answered = services.auth_dies_at((what, table, &hers), &ada, async |_| ()).await;
        assert!(!answered && services.accounts.count("deletions").await == 0);
        services.start_auth();
        services.product.ready().await;
        let found = ada.see("/api/search/?q=die").await;
        assert!(!found["results"].as_array().unwrap().is_empty(), "{found}");
        assert!(services.delete(&ada).await);
        services.gone(&ada).await;
    }

    // After the commit, and before the answer: it waits until the chat service knows of it.
    let ada = services.somebody().await;
    services.chat.signal("STOP").await;
    let committed = async {
        services.accounts.until(&format!("deletions WHERE user_id = {}", ada.id), 1).await;
        services.auth.signal("KILL").await;
    };
    let (answered, ()) = tokio::join!(services.delete(&ada), committed);
    println!("after the commit: answered {answered}");
    services.kill_auth().await;
    services.chat.signal("CONT").await;
    services.start_auth();
    services.gone(&ada).await;

    // After the answer: the chat service is away, or held up before it has done anything.
    let ada = services.somebody().await;
    services.kill_chat().await;
    assert!(services.delete(&ada).await);
    services.kill_auth().await;
    services.start_chat();
    services.start_auth();
    services.gone(&ada).await;
    let ada = services.somebody().await;
    services.chat.signal("STOP").await;
    assert!(services.delete(&ada).await);
    services.kill_auth().await;
    services.chat.signal("CONT").await;
    services.start_auth();
    services.gone(&ada).await;

    // The chat service is half way.
    for table in ["turns", "preferences"] {
        let ada = services.somebody().await;
        let hers = format!("old.user_id = {}", ada.id);
        let moment = ("DELETE", table, hers.as_str());
        fail_before(&services.conversations, moment).await;
        assert!(services.delete(&ada).await);
        let tried = format!("deletions WHERE user_id = {} AND attempts > 0", ada.id);
        services.accounts.until(&tried, 1).await;
        services.kill_auth().await;
        let left = services.left_of(&ada).await;
        println!("half way, at {table}: {left:?}");
        assert!(left[0].1 == 0 && left[5].1 > 0, "{left:?}");
        clear(&services.conversations, moment).await;
        services.start_auth();
        services.gone(&ada).await;
    }

    // The chat service is done: before the name goes, before the last of it does, and after that.
    for (what, table, id) in
        [("UPDATE OF username", "users", "old.id"), ("DELETE", "deletions", "old.user_id")]
    {
        let ada = services.somebody().await;
        let hers = format!("{id} = {}", ada.id);
        services.auth_dies_afterwards_at((what, table, &hers), &ada).await;
        services.start_auth();
        services.gone(&ada).await;
    }
    let ada = services.somebody().await;
    assert!(services.delete(&ada).await);
    services.gone(&ada).await;
    services.kill_auth().await;
    services.start_auth();
    services.assert_that_only_tombstones_are_left().await;
}
