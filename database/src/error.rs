//! What can go wrong with a database.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// What a PostgreSQL server says when a transaction was in the way of another, when it goes down or comes
/// up, or has no room: `serialization_failure`, `deadlock_detected`, `lock_not_available`, `admin_shutdown`,
/// `crash_shutdown`, `cannot_connect_now`, `too_many_connections`, `idle_in_transaction_session_timeout`.
const PASSING: [&str; 8] = ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25P03"];
/// What it says of a statement that took too long: `query_canceled`.
const TOO_LONG: &str = "57014";
/// What SQLite says while somebody else, such as a shell, writes for too long: `SQLITE_BUSY`, also with what makes it
/// more exact (`_RECOVERY`, `_SNAPSHOT`).
const IN_USE: [&str; 3] = ["5", "261", "517"];
/// What each says where the disk is full: `SQLITE_FULL`, and `disk_full` of PostgreSQL.
const NO_ROOM: [&str; 2] = ["13", "53100"];

/// What can go wrong with a database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database refused; shared, because one failed commit fails a whole group.
    #[error("database: {0}")]
    Refused(#[from] Arc<DbErr>),
    /// More work is waiting than we take on.
    #[error("too much is waiting for the database")]
    Overloaded,
    /// Nothing is heard from the server any more. Of a commit it is not known then whether it was done.
    #[error("the database does not answer")]
    Silent,
    /// The database was closed, or a job did not survive.
    #[error("database is closed")]
    Closed,
    /// Nothing was ever kept at this address.
    #[error("there is no database yet")]
    Missing,
    /// A file is not whole any more: the first thing that is wrong with it.
    #[error("database is damaged: {0}")]
    Damaged(String),
    /// The schema is of an earlier version: the steps that it lacks.
    #[error(
        "of an earlier version, without {0}; the service brings it to this one, or the command migrate"
    )]
    Behind(String),
    /// The address is not one that can be opened.
    #[error("{0}")]
    Address(&'static str),
}

/// What goes wrong in a service, of which the database may be the reason.
pub trait Failure: From<Error> + Send + Sync + 'static {
    /// The database's own error, if it is one.
    fn storage(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn storage(&self) -> Option<&Error> {
        Some(self)
    }
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

    /// Whether whoever asked can come again: nothing is wrong with what they asked for.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        let is_in_need = |error| {
            let all = [&[TOO_LONG][..], &IN_USE, &NO_ROOM].concat();
            code_of(error).is_some_and(|code| all.contains(&code.as_str()))
        };
        matches!(self, Self::Overloaded | Self::Closed)
            || self.is_passing()
            || matches!(self, Self::Refused(error) if is_in_need(error))
    }

    /// Whether there was no connection that anything is heard on.
    pub(crate) fn is_without_connection(&self) -> bool {
        match self {
            Self::Refused(error) => matches!(**error, DbErr::ConnectionAcquire(_)),
            other => matches!(other, Self::Silent),
        }
    }

    /// Whether the same may well work a little later: nothing of a try was kept.
    pub(crate) fn is_passing(&self) -> bool {
        let error = match self {
            Self::Refused(error) => error,
            other => return matches!(other, Self::Silent),
        };
        let is_lost = |error: &sqlx::Error| {
            matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed
            )
        };
        matches!(**error, DbErr::ConnectionAcquire(_))
            || code_of(error).is_some_and(|code| PASSING.contains(&code.as_str()))
            || driver_error(error).is_some_and(is_lost)
    }
}

/// The code that the database gives its refusal, if it gave one.
pub(crate) fn code_of(error: &DbErr) -> Option<String> {
    let refusal = driver_error(error)?.as_database_error()?;
    refusal.code().map(std::borrow::Cow::into_owned)
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}
