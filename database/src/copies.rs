//! Copies of a database that is a file, and whether such a file is whole.

use std::path::Path;

use crate::url::Place;
use crate::{Error, Url, sqlite};

/// Copies the database at `url`, as it is at one moment, to the file `to`, which must be empty or not there.
/// Whoever works with it meanwhile is not held up. Nothing that was deleted is in the copy. It is for its
/// owner alone, and not yet sure to be on disk.
///
/// # Errors
/// [`Error::Missing`] if there is no such database, [`Error::Address`] if it is no file; what the database
/// says if it cannot be read or the copy not be written.
pub async fn copy(url: &Url, to: &Path) -> Result<(), Error> {
    match url.place() {
        Place::Sqlite(place) => sqlite::copy(place, to).await,
        Place::Postgres(_) => Err(Error::Address("only a database in a file can be copied")),
    }
}

/// Looks at every page of the database in a file, and changes nothing.
///
/// # Errors
/// [`Error::Missing`] if there is none, [`Error::Damaged`] if it is not whole; what the database says if it
/// cannot be read at all.
pub async fn examine(file: &Path) -> Result<(), Error> {
    match Url::of_file(file).place() {
        Place::Sqlite(place) => sqlite::examine(place).await,
        Place::Postgres(_) => Ok(()),
    }
}
