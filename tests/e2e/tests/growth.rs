//! What OPERATIONS says of growth is what the schema of the conversations is like.

use std::collections::BTreeSet;

use e2e::Product;
use scratch::{connect, rows, tables, texts};
use sea_orm::{DatabaseConnection, DbBackend};

use super::boundaries::root;

/// Tables that hold nothing of a person.
const OF_NOBODY: [&str; 2] = ["chat_migrations", "safety_days"];

fn is_on_server(database: &DatabaseConnection) -> bool {
    database.get_database_backend() == DbBackend::Postgres
}

/// Tables that are ours: the search of a file is made of some of its own, and it counts its numbers in one.
async fn ours(database: &DatabaseConnection) -> Vec<(String, Vec<String>)> {
    let is_ours = |name: &str| !name.starts_with("search") && !name.starts_with("sqlite_");
    tables(database).await.into_iter().filter(|(name, _)| is_ours(name)).collect()
}

/// The keys and indexes of a table, each by its columns: `messages (turn_id, sender)`.
async fn indexes(database: &DatabaseConnection, table: &str) -> BTreeSet<String> {
    let found = if is_on_server(database) {
        format!(
            "SELECT string_agg(attname, ', ' ORDER BY place) FROM pg_index,
                 unnest(indkey::int[]) WITH ORDINALITY AS keys (number, place), pg_attribute
             WHERE indrelid = '{table}'::regclass AND attrelid = indrelid AND attnum = number
             GROUP BY indexrelid"
        )
    } else {
        // A key of one number is the table itself and no index.
        format!(
            "SELECT (SELECT group_concat(name, ', ') FROM pragma_index_info(indexes.name))
                 FROM pragma_index_list('{table}') AS indexes
             UNION SELECT name FROM pragma_table_info('{table}') WHERE pk > 0
                 AND (SELECT COUNT(*) FROM pragma_table_info('{table}') WHERE pk > 0) = 1"
        )
    };
    let found = texts(database, &found).await;
    assert!(!found.is_empty(), "{table} has no key");
    found.iter().map(|columns| format!("{table} ({columns})")).collect()
}

/// What OPERATIONS says does not begin with the person.
fn admitted() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let (_, table) = text.split_once("| index | why it is so |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let named = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    named.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_does_not_begin_with_the_person_is_admitted_and_nothing_else_is() {
    let product = Product::start_with(|_| {}).await;
    let database = connect(product.data(), "chat").await;
    let all = ours(&database).await;
    assert!(all.len() >= 10, "{all:?}");
    let mut others = BTreeSet::new();
    for (table, columns) in &all {
        let is_of_somebody = !OF_NOBODY.contains(&table.as_str());
        let names_a_person = columns.iter().any(|column| column == "user_id");
        assert_eq!(names_a_person, is_of_somebody, "{table}: {columns:?}");
        if is_of_somebody {
            let found = indexes(&database, table).await.into_iter();
            let begins = format!("{table} (user_id");
            others.extend(found.filter(|index| !index.starts_with(&begins)));
        }
    }
    let mut admitted = admitted();
    if !is_on_server(&database) {
        assert!(admitted.remove("messages (search)"), "only a server has it");
    }
    assert_eq!(others, admitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_something_is_tied_to_its_number_alone_as_is_admitted() {
    let product = Product::start_with(|_| {}).await;
    let database = connect(product.data(), "chat").await;
    let mut ties = 0;
    for (table, _) in ours(&database).await {
        let query = if is_on_server(&database) {
            format!(
                "SELECT attname::text FROM pg_constraint, unnest(conkey) AS number, pg_attribute
                 WHERE contype = 'f' AND conrelid = '{table}'::regclass AND attrelid = conrelid
                 AND attnum = number"
            )
        } else {
            format!("SELECT \"from\" FROM pragma_foreign_key_list('{table}')")
        };
        for row in rows(&database, &query).await {
            let column: String = row.try_get_by_index(0).unwrap();
            assert!(column.ends_with("_id") && column != "user_id", "{table}.{column}");
            ties += 1;
        }
    }
    assert!(ties >= 4, "{ties}");
    let text = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    assert!(text.contains("Foreign keys lead from number to number, without the person"));
}
