//! What is in the database, wherever it stands: tables are found, not named, so that a new one cannot be
//! forgotten.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, QueryResult, Statement,
};

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
        let mut options = ConnectOptions::new(service.database_url());
        options.max_connections(1);
        let database = Database::connect(options).await.unwrap();
        database.execute_unprepared(LEARNED).await.unwrap();
        Self(database)
    }

    async fn rows(&self, query: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), query);
        self.0.query_all_raw(statement).await.unwrap()
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.rows(query).await;
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// How many rows there are of something.
    pub(super) async fn count(&self, what: &str) -> i64 {
        let rows = self.rows(&format!("SELECT COUNT(*) FROM {what}")).await;
        rows[0].try_get_by_index(0).unwrap()
    }

    /// Does something to the database that the service would not.
    pub(super) async fn meddle(&self, statement: &str) {
        self.0.execute_unprepared(statement).await.unwrap();
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

    /// Tables that know people by number, and in each the rows of one person. Their tombstone does not
    /// count.
    pub(super) async fn rows_of(&self, user_id: i64) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for (table, columns) in self.tables().await {
            if table == TOMBSTONES || !columns.iter().any(|column| column == "user_id") {
                continue;
            }
            let columns: Vec<_> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
            let row = columns.join(" || ' ' || ");
            let query = format!("SELECT {row} FROM \"{table}\" WHERE user_id = {user_id}");
            found.insert(table, self.texts(&query).await);
        }
        found
    }

    /// How many rows there are of one person.
    pub(super) async fn size_of(&self, user_id: i64) -> usize {
        self.rows_of(user_id).await.values().map(Vec::len).sum()
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
        if self.count(&format!("temp.learned WHERE term LIKE '%{word}%'")).await > 0 {
            found.push("learned".to_owned());
        }
        found
    }

    /// What is counted of everybody together.
    pub(super) async fn counts(&self) -> Vec<String> {
        let row = "day || ' ' || event || ' ' || tier || ' ' || category || ' ' || count";
        self.texts(&format!("SELECT {row} FROM safety_days ORDER BY 1")).await
    }
}
