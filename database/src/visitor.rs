//! Somebody who only looks.

use std::future::Future;

use sea_orm::DatabaseConnection;

use crate::postgres::Handle;
use crate::url::Place;
use crate::{Error, Failure, Reading, Url, postgres, sqlite};

/// A look at a database that is there already: nothing is made, changed or announced, and whoever works with
/// it notices nothing.
pub struct Visitor(Kind);

enum Kind {
    File(DatabaseConnection),
    Remote(Handle),
}

impl Visitor {
    pub(crate) async fn open(url: &Url) -> Result<Self, Error> {
        Ok(Self(match url.place() {
            Place::Sqlite(place) => Kind::File(sqlite::visitor(place).await?),
            Place::Postgres(server) => Kind::Remote(postgres::visitor(server).await?),
        }))
    }

    /// Runs a query. It sees what was committed before it began.
    ///
    /// # Errors
    /// What the query returned.
    pub async fn read<T, E, F>(&self, query: impl FnOnce(Reading) -> F) -> Result<T, E>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        match &self.0 {
            Kind::File(connection) => query(Reading::Connection(connection.clone())).await,
            Kind::Remote(handle) => handle.ask(query).await,
        }
    }

    /// Leaves.
    ///
    /// # Errors
    /// When the connection could not be closed.
    pub async fn close(self) -> Result<(), Error> {
        let connections = match self.0 {
            Kind::File(connection) => connection,
            Kind::Remote(handle) => handle.into_connections(),
        };
        Ok(connections.close().await?)
    }
}
