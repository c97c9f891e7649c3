//! What can go wrong with a database.

use std::sync::Arc;

use sea_orm::{DbErr, SqlErr};

/// What can go wrong with a database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database refused; shared, because one failed commit fails a whole group.
    #[error("database: {0}")]
    Refused(#[from] Arc<DbErr>),
    /// More work is waiting than we take on.
    #[error("too much is waiting for the database")]
    Overloaded,
    /// The database was closed, or a job did not survive.
    #[error("database is closed")]
    Closed,
    /// Nothing was ever kept at this address.
    #[error("there is no database yet")]
    Missing,
    /// The address is not one that can be opened.
    #[error("database address: {0}")]
    Address(&'static str),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Refused(Arc::new(error))
    }
}

impl Error {
    /// Whether a unique index refused a row.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Refused(error)
            if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }
}
