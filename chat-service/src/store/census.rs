//! How much there is, and of whom.

use database::{Database, Reading, Url};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, Statement};

use super::{message, session};
use crate::error::Error;

/// Every table that names people.
const TABLES: [&str; 9] = [
    "departed",
    "feedback",
    "messages",
    "preferences",
    "requests",
    "risks",
    "sessions",
    "turns",
    "usage_days",
];

/// How much there is, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Sessions of all people.
    pub sessions: u64,
    /// Messages of all people, replies included.
    pub messages: u64,
    /// The highest number of a person of whom anything is kept; 0 if there is nobody.
    pub highest: i64,
}

/// Looks at the database at `url`, and changes nothing.
pub(crate) async fn census(url: &Url) -> Result<Census, Error> {
    let visitor = Database::open_to_read(url).await?;
    let census = visitor.read(|read| async move { count(&read).await }).await;
    visitor.close().await?;
    census
}

async fn count(read: &Reading) -> Result<Census, Error> {
    let sessions = session::Entity::find().count(read).await?;
    let messages = message::Entity::find().count(read).await?;
    let each = TABLES.map(|table| format!("SELECT MAX(user_id) AS highest FROM {table}"));
    let all = format!("SELECT MAX(highest) FROM ({}) AS people", each.join(" UNION ALL "));
    let row = read.query_one_raw(Statement::from_string(read.get_database_backend(), all)).await?;
    let highest = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?;
    let highest = highest.flatten().unwrap_or_default();
    Ok(Census { sessions, messages, highest })
}

#[cfg(test)]
mod tests {
    use chassis::clock;

    use super::*;
    use crate::store::tests::{open, said};
    use crate::store::{Begin, Lease};

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_is_named_anywhere_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let (url, now) = (scratch::url(folder.path(), "chat"), clock::now());
        assert_eq!(census(&url).await.unwrap(), Census { sessions: 0, messages: 0, highest: 0 });
        let begin = said("hello", Lease::of(1, now), now);
        store.begin(Begin { user_id: 7, ..begin }).await.unwrap();
        assert_eq!(census(&url).await.unwrap(), Census { sessions: 1, messages: 1, highest: 7 });
        store.depart(12, now).await.unwrap();
        assert_eq!(census(&url).await.unwrap().highest, 12, "also who is gone");

        let database = scratch::connect(folder.path(), "chat").await;
        let all = scratch::tables(&database).await.into_iter();
        let name = |(table, columns): (String, Vec<String>)| {
            columns.iter().any(|column| column == "user_id").then_some(table)
        };
        let naming: Vec<_> = all.filter_map(name).collect();
        assert_eq!(naming, TABLES, "a new table cannot be forgotten");
    }
}
