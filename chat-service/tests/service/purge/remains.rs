//! What is in the database, wherever it stands: tables are found, not named, so that a new one cannot be
//! forgotten.

use std::collections::BTreeMap;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend};

use crate::service::harness::Service;

/// The one table that may still know somebody whose account is deleted.
const TOMBSTONES: &str = "departed";
/// What the search index has learned, word by word.
const LEARNED: &str = "CREATE VIRTUAL TABLE temp.learned USING fts5vocab('main', 'search', 'row')";

/// Somebody who looks into the database.
pub(super) struct Remains(DatabaseConnection);

impl Remains {
    pub(super) async fn of(service: &Service) -> Self {
        // What is temporary belongs to one connection.
        let mut options = ConnectOptions::new(service.address());
        options.max_connections(1);
        let database = Database::connect(options).await.unwrap();
        if database.get_database_backend() == DbBackend::Sqlite {
            database.execute_unprepared(LEARNED).await.unwrap();
        }
        Self(database)
    }

    fn is_file(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Sqlite
    }

    /// How many rows there are of something.
    pub(super) async fn count(&self, what: &str) -> i64 {
        scratch::number(&self.0, &format!("SELECT COUNT(*) FROM {what}")).await
    }

    /// Does something to the database that the service would not.
    pub(super) async fn meddle(&self, statement: &str) {
        self.0.execute_unprepared(statement).await.unwrap();
    }

    pub(super) async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// Whether the search index is whole, and finds a word once.
    pub(super) async fn finds(&self, word: &str) -> bool {
        if !self.is_file() {
            return self.count(&format!("messages WHERE search @@ '{word}'")).await == 1;
        }
        self.meddle("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)").await;
        self.count(&format!("search WHERE search MATCH '{word}'")).await == 1
    }

    /// Has the database refuse to delete such rows of a table.
    pub(super) async fn cut(&self, table: &str, condition: &str) {
        scratch::refuse(&self.0, "cut", ("DELETE", table, condition)).await;
    }

    /// Lets it delete them.
    pub(super) async fn mend(&self, table: &str) {
        scratch::allow(&self.0, "cut", table).await;
    }

    /// Tables that know people by number, and in each the rows of one person. Their tombstone does not
    /// count.
    pub(super) async fn rows_of(&self, user_id: i64) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for (table, columns) in scratch::tables(&self.0).await {
            if table == TOMBSTONES || !columns.iter().any(|column| column == "user_id") {
                continue;
            }
            let columns: Vec<_> = columns.iter().map(|name| self.quoted(name)).collect();
            let row = columns.join(" || ' ' || ");
            let query = format!("SELECT {row} FROM \"{table}\" WHERE user_id = {user_id}");
            found.insert(table, scratch::texts(&self.0, &query).await);
        }
        found
    }

    fn quoted(&self, column: &str) -> String {
        if self.is_file() {
            format!("quote(\"{column}\")")
        } else {
            format!("quote_nullable(\"{column}\"::text)")
        }
    }

    /// How many rows there are of one person.
    pub(super) async fn size_of(&self, user_id: i64) -> usize {
        self.rows_of(user_id).await.values().map(Vec::len).sum()
    }

    /// Where a word stands: in which columns, and whether the search index knows it.
    pub(super) async fn places_of(&self, word: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (table, columns) in scratch::tables(&self.0).await {
            for column in columns {
                let mut has =
                    format!("\"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{word}%'");
                if self.is_file() {
                    let bytes = format!("CAST(\"{column}\" AS BLOB), CAST('{word}' AS BLOB)");
                    has = format!("{has} OR instr({bytes}) > 0");
                }
                if self.count(&has).await > 0 {
                    found.push(format!("{table}.{column}"));
                }
            }
        }
        if self.is_file()
            && self.count(&format!("temp.learned WHERE term LIKE '%{word}%'")).await > 0
        {
            found.push("learned".to_owned());
        }
        found
    }

    /// What is counted of everybody together.
    pub(super) async fn counts(&self) -> Vec<String> {
        let row = "day || ' ' || event || ' ' || tier || ' ' || category || ' ' || count";
        scratch::texts(&self.0, &format!("SELECT {row} FROM safety_days ORDER BY 1")).await
    }
}
