//! What a database knows of somebody. Tables are found, not named, so that a new one cannot be forgotten.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, QueryResult, Statement,
};

/// How long anything may take that a service does by itself.
const PATIENCE: Duration = Duration::from_mins(3);
/// What the search index has learned, word by word.
const LEARNED: &str = "CREATE VIRTUAL TABLE temp.learned USING fts5vocab('main', 'search', 'row')";

/// Somebody who looks into a database from beside the service.
pub(super) struct Remains(DatabaseConnection);

impl Remains {
    pub(super) async fn of(path: &Path) -> Self {
        let mut options = ConnectOptions::new(format!("sqlite:{}", path.display()));
        // What is temporary belongs to one connection.
        options.max_connections(1);
        let remains = Self(Database::connect(options).await.unwrap());
        // As the services have it: whoever writes without it leaves words between the rows.
        remains.meddle("PRAGMA secure_delete = ON").await;
        if remains.count("sqlite_master WHERE name = 'search'").await > 0 {
            remains.meddle(LEARNED).await;
        }
        remains
    }

    async fn rows(&self, query: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), query);
        self.0.query_all_raw(statement).await.unwrap()
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.rows(query).await;
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The one number that a query is about.
    pub(super) async fn number(&self, query: &str) -> i64 {
        self.rows(query).await[0].try_get_by_index(0).unwrap()
    }

    /// How many rows there are of something.
    pub(super) async fn count(&self, what: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {what}")).await
    }

    /// Waits until there are so many rows of something.
    pub(super) async fn until(&self, what: &str, count: i64) {
        let waiting = async {
            while self.count(what).await != count {
                // Another process writes that file, and tells nobody: one can only look again.
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

    /// Whether somebody is in the middle of writing.
    pub(super) async fn is_written(&self) -> bool {
        self.meddle("PRAGMA busy_timeout = 0").await;
        let own = self.0.execute_unprepared("BEGIN IMMEDIATE; ROLLBACK").await;
        self.meddle("PRAGMA busy_timeout = 5000").await;
        own.is_err()
    }

    pub(super) async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// Every table, and its columns.
    async fn tables(&self) -> Vec<(String, Vec<String>)> {
        let mut tables = Vec::new();
        for table in self.texts("SELECT name FROM sqlite_master WHERE type = 'table'").await {
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = self.texts(&columns).await;
            tables.push((table, columns));
        }
        tables
    }

    /// The rows of one person, in each table that has any.
    pub(super) async fn rows_of(&self, user_id: i64) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for (table, columns) in self.tables().await {
            let whose = if table == "users" { "id" } else { "user_id" };
            if !columns.iter().any(|column| column == whose) {
                continue;
            }
            let columns: Vec<_> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
            let row = columns.join(" || ' ' || ");
            let query = format!("SELECT {row} FROM \"{table}\" WHERE {whose} = {user_id}");
            let rows = self.texts(&query).await;
            if !rows.is_empty() {
                found.insert(table, rows);
            }
        }
        found
    }

    /// Where a word stands: in which columns, and whether the search index knows it.
    pub(super) async fn places_of(&self, word: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (table, columns) in self.tables().await {
            for column in columns {
                let has = format!(
                    "\"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{word}%'
                     OR instr(CAST(\"{column}\" AS BLOB), CAST('{word}' AS BLOB)) > 0"
                );
                if self.count(&has).await > 0 {
                    found.push(format!("{table}.{column}"));
                }
            }
        }
        let learns = self.count("sqlite_temp_master WHERE name = 'learned'").await > 0;
        if learns && self.count(&format!("temp.learned WHERE term LIKE '%{word}%'")).await > 0 {
            found.push("learned".to_owned());
        }
        found
    }
}
