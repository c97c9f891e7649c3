//! Copying a file beside whoever works with it, and looking at whether one is whole.

use std::path::Path;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::open;
use crate::Error;

/// What a check says of a database that is whole.
const WHOLE: &str = "ok";

/// Copies what is kept, and nothing of what was deleted, into another file.
pub(crate) async fn copy(place: &SqliteConnectOptions, to: &Path) -> Result<(), Error> {
    let name = to.to_str().ok_or(Error::Address("the name of a copy must be text"))?;
    let source = open::visitor(place).await?;
    open::create_for_owner(to);
    let copy = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "VACUUM INTO ?",
        [name.to_owned().into()],
    );
    let copied = source.execute_raw(copy).await;
    source.close().await?;
    copied?;
    Ok(())
}

/// Looks at every page.
pub(crate) async fn examine(place: &SqliteConnectOptions) -> Result<(), Error> {
    let visitor = open::visitor(place).await?;
    let found = check(&visitor).await;
    visitor.close().await?;
    match found? {
        found if found == WHOLE => Ok(()),
        found => Err(Error::Damaged(found)),
    }
}

/// The first thing that is wrong.
async fn check(visitor: &DatabaseConnection) -> Result<String, Error> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(1)");
    let row = visitor.query_one_raw(check).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}
