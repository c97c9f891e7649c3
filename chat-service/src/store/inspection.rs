//! A look at the database by somebody who changes nothing: whether it is whole.

use std::collections::BTreeSet;

use database::{Database, Reading, Url, Visitor};
use sea_orm::{
    ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, Statement,
};

use super::turn;
use crate::error::Error;

/// Turns without what was said, or that have ended well and have no reply. Of those who are gone, what is kept
/// is being deleted.
const BROKEN: &str = "SELECT turns.id FROM turns
    WHERE turns.user_id NOT IN (SELECT user_id FROM departed) AND (
        NOT EXISTS (
            SELECT 1 FROM messages WHERE messages.id = COALESCE(turns.message_id, turns.id * 2 - 1)
            AND messages.sender = 'user' AND messages.session_id = turns.session_id
        ) OR turns.state = 'completed' AND NOT EXISTS (
            SELECT 1 FROM messages WHERE messages.turn_id = turns.id AND messages.sender = 'ai'
        )
    )";

/// What is in somebody else's conversation, or in none.
const STRAYS: &str = "SELECT
    (SELECT COUNT(*) FROM turns LEFT JOIN sessions ON sessions.id = turns.session_id
        WHERE sessions.id IS NULL OR sessions.user_id <> turns.user_id)
    + (SELECT COUNT(*) FROM messages LEFT JOIN turns ON turns.id = messages.turn_id
        WHERE turns.id IS NULL OR turns.user_id <> messages.user_id
        OR turns.session_id <> messages.session_id)";

/// How whole what is kept is.
#[derive(Debug)]
pub(crate) struct Wholeness {
    /// Turns of all people.
    pub(crate) turns: u64,
    /// How many of them are at work or in line.
    pub(crate) open: u64,
    /// Those that lack what was said or its reply.
    pub(crate) broken: BTreeSet<i64>,
}

/// A look at the database.
pub(crate) struct Inspection(Visitor);

impl Inspection {
    /// Opens a database that is there already.
    pub(crate) async fn open(url: &Url) -> Result<Self, Error> {
        Ok(Self(Database::open_to_read(url).await?))
    }

    /// How whole the turns of all people are.
    pub(crate) async fn wholeness(&self) -> Result<Wholeness, Error> {
        self.0.read(|read| async move { wholeness(&read).await }).await
    }

    /// How many turns and messages are in conversations that are not of the same person.
    pub(crate) async fn count_strays(&self) -> Result<i64, Error> {
        let strays = self.0.read(|read| async move {
            let row = read.query_one_raw(statement(&read, STRAYS)).await?;
            Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
        });
        strays.await
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        Ok(self.0.close().await?)
    }
}

async fn wholeness(read: &Reading) -> Result<Wholeness, Error> {
    let turns = turn::Entity::find().count(read).await?;
    let open = turn::Entity::find().filter(turn::is_open()).count(read).await?;
    let broken = read.query_all_raw(statement(read, BROKEN)).await?;
    let broken = broken.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(Wholeness { turns, open, broken })
}

fn statement(read: &Reading, words: &str) -> Statement {
    Statement::from_string(read.get_database_backend(), words)
}
