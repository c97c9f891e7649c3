//! What a database knows of somebody. Tables are found, not named, so that a new one cannot be forgotten.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend};

/// How long anything may take that a service does by itself.
const PATIENCE: Duration = Duration::from_mins(3);
/// What the search index of a file has learned, word by word.
const LEARNED: &str = "CREATE VIRTUAL TABLE temp.learned USING fts5vocab('main', 'search', 'row')";

/// Somebody who looks into a database from beside the service.
pub(super) struct Remains(DatabaseConnection);

impl Remains {
    /// Those of the database `name` of a product that keeps its data in `folder`.
    pub(super) async fn of(folder: &Path, name: &str) -> Self {
        // What is temporary belongs to one connection.
        let remains = Self(scratch::connect_once(folder, name).await);
        if remains.is_file() {
            // As the services have it: whoever writes without it leaves words between the rows.
            remains.meddle("PRAGMA secure_delete = ON").await;
            if remains.count("sqlite_master WHERE name = 'search'").await > 0 {
                remains.meddle(LEARNED).await;
            }
        } else {
            // Rows stay in the order in which they came, which is the order in which they go.
            for (table, _) in scratch::tables(&remains.0).await {
                let stay = format!("ALTER TABLE \"{table}\" SET (autovacuum_enabled = off)");
                remains.meddle(&stay).await;
            }
        }
        remains
    }

    fn is_file(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Sqlite
    }

    pub(super) fn connection(&self) -> &DatabaseConnection {
        &self.0
    }

    /// The one number that a query is about.
    pub(super) async fn number(&self, query: &str) -> i64 {
        scratch::number(&self.0, query).await
    }

    /// How many rows there are of something.
    pub(super) async fn count(&self, what: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {what}")).await
    }

    /// Waits until there are so many rows of something.
    pub(super) async fn until(&self, what: &str, count: i64) {
        let waiting = async {
            while self.count(what).await != count {
                // Another process writes there, and tells nobody: one can only look again.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(came.is_ok(), "there are never {count} {what}");
    }

    /// Does something to the database that the service would not.
    pub(super) async fn meddle(&self, statement: &str) {
        self.0.execute_unprepared(statement).await.unwrap();
    }

    pub(super) async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// How many rows there are of one person, in each table that has any.
    pub(super) async fn rows_of(&self, user_id: i64) -> BTreeMap<String, i64> {
        let mut found = BTreeMap::new();
        for (table, columns) in scratch::tables(&self.0).await {
            let whose = if table == "users" { "id" } else { "user_id" };
            if !columns.iter().any(|column| column == whose) {
                continue;
            }
            let rows = self.count(&format!("\"{table}\" WHERE {whose} = {user_id}")).await;
            if rows > 0 {
                found.insert(table, rows);
            }
        }
        found
    }

    /// Where a word stands: in which columns, and whether the search index knows it.
    pub(super) async fn places_of(&self, word: &str) -> Vec<String> {
        let mut found = scratch::places_of(&self.0, word).await;
        let learned = "sqlite_temp_master WHERE name = 'learned'";
        if self.is_file()
            && self.count(learned).await > 0
            && self.count(&format!("temp.learned WHERE term LIKE '%{word}%'")).await > 0
        {
            found.push("learned".to_owned());
        }
        found
    }
}
