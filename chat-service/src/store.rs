//! Conversations as they are kept.

mod begin;
mod branches;
mod census;
mod claims;
mod deletion;
mod departed;
mod end;
mod export;
mod feedback;
mod inspection;
mod message;
mod messages;
mod person;
mod preference;
mod preferences;
mod purge;
mod request;
mod requests;
mod risk;
mod risks;
mod safety_day;
mod safety_days;
mod search;
mod session;
mod sessions;
mod turn;
mod usage;
mod usage_day;

use chrono::{DateTime, Utc};
use database::Database;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};

use crate::error::Error;

pub(crate) use begin::{Begin, Begun, What, Words};
pub use census::Census;
pub(crate) use census::census;
pub(crate) use claims::{Lease, Progress};
pub(crate) use end::{Keep, Outcome, Reply, Told};
pub(crate) use export::Piece;
pub(crate) use feedback::{Model as Feedback, Rating};
pub(crate) use inspection::{Inspection, Wholeness};
pub(crate) use message::{Model as Message, Sender};
pub(crate) use messages::{Listed, Span};
pub(crate) use risks::{Background, Spot};
pub(crate) use safety_day::Model as SafetyDay;
pub(crate) use safety_days::{Counted, Event, counted};
pub(crate) use search::Hit;
pub(crate) use session::Model as Session;
pub(crate) use sessions::{Change, Viewed};
pub(crate) use turn::{Failure, Finish, Model as Turn, State};
pub(crate) use usage_day::Model as UsageDay;

/// Tokens, as far as the model told or as we estimate them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: i64,
    pub(crate) reply_tokens: i64,
    pub(crate) is_estimated: bool,
}

/// Conversations. Clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// A turn of this person, and its reply if it has one.
    pub(crate) async fn outcome(&self, user_id: i64, turn_id: i64) -> Result<Outcome, Error> {
        self.of(user_id)
            .read_patiently(move |read| async move {
                let turn = owned_turn(&read, user_id, turn_id).await?;
                end::outcome(&read, turn).await
            })
            .await
    }
}

/// The session, if it is this person's.
async fn owned_session(
    connection: &impl ConnectionTrait,
    user_id: i64,
    session_id: i64,
) -> Result<Session, Error> {
    session::Entity::find_by_id(session_id)
        .filter(session::Column::UserId.eq(user_id))
        .one(connection)
        .await?
        .ok_or(Error::SessionNotFound)
}

/// The turn, if it is this person's.
async fn owned_turn(
    connection: &impl ConnectionTrait,
    user_id: i64,
    turn_id: i64,
) -> Result<Turn, Error> {
    turn::Entity::find_by_id(turn_id)
        .filter(turn::Column::UserId.eq(user_id))
        .one(connection)
        .await?
        .ok_or(Error::TurnNotFound)
}

/// The message, if it is this person's and of this sender.
async fn owned_message(
    connection: &impl ConnectionTrait,
    user_id: i64,
    message_id: i64,
    sender: Sender,
) -> Result<Message, Error> {
    message::Entity::find_by_id(message_id)
        .filter(message::Column::UserId.eq(user_id))
        .filter(message::Column::Sender.eq(sender))
        .one(connection)
        .await?
        .ok_or(Error::MessageNotFound)
}

/// Notes that what can be read in a session has changed: by something said at a certain time, or
/// otherwise, which is no reason to list it first.
async fn touch(
    connection: &impl ConnectionTrait,
    session_id: i64,
    said: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let mut change = session::Entity::update_many()
        .filter(session::Column::Id.eq(session_id))
        .col_expr(session::Column::Version, Expr::col(session::Column::Version).add(1));
    if let Some(said) = said {
        change = change.col_expr(session::Column::UpdatedAt, Expr::value(said));
    }
    change.exec(connection).await?;
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use database::Url;
    use sea_orm::{EntityTrait, QueryTrait as _, Select, Statement};

    use super::*;
    use crate::limits::PersonLimits;
    use crate::migrations::Migrator;
    use crate::safety::{Whereabouts, screen};

    /// A store in this folder.
    pub(crate) async fn open(folder: &tempfile::TempDir) -> Store {
        Store::new(database(folder).await)
    }

    async fn database(folder: &tempfile::TempDir) -> Database {
        let url = scratch::url(folder.path(), "chat");
        Database::open::<Migrator>(&url).await.unwrap()
    }

    /// A turn of the first person that begins a session with this.
    pub(crate) fn said(text: &str, lease: Lease, now: DateTime<Utc>) -> Begin {
        Begin {
            user_id: 1,
            words: Words {
                screening: screen(text),
                whereabouts: Whereabouts::of(None, ""),
                unread: None,
                disclosure: None,
            },
            what: What::Said { session_id: None, text: text.to_owned(), title: String::new() },
            request: None,
            told: std::collections::HashMap::new(),
            has_place: true,
            limits: PersonLimits { at_work: 2, in_line: 4, daily: None },
            lease,
            now,
        }
    }

    /// How a file would be gone about for a query, a line a step.
    pub(super) async fn plan<E: EntityTrait>(query: &Select<E>) -> String {
        plan_of(query.build(sea_orm::DbBackend::Sqlite)).await
    }

    /// As [`plan`], of a query in the database's own words.
    pub(super) async fn plan_of(mut statement: Statement) -> String {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::of_file(&folder.path().join("chat.db"));
        let database = Database::open::<Migrator>(&url).await.unwrap();
        statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let read = async |statement: Statement| {
            database
                .read(|read| async move {
                    Ok::<_, database::Error>(read.query_all_raw(statement).await?)
                })
                .await
        };
        let steps = read(statement).await.unwrap();
        let steps = steps.iter().map(|step| step.try_get::<String>("", "detail").unwrap() + "\n");
        steps.collect()
    }
}
