//! Conversations as they are kept.

mod message;
mod session;
mod turn;
mod turns;

use chrono::{DateTime, Utc};
use database::Database;
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set,
};

use crate::error::Error;
use crate::pages::Page;
use crate::prompt;

pub(crate) use message::{Model as Message, Sender};
pub(crate) use session::Model as Session;
pub(crate) use turns::Accepted;

/// Messages read at once while a prompt is being filled.
const HISTORY_PAGE: u64 = 50;

/// Conversations. Clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    pub(crate) async fn add_session(
        &self,
        user_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Session, Error> {
        let row = new_session(user_id, now);
        self.database.write(|tx| async move { Ok(row.insert(tx).await?) }.boxed()).await
    }

    /// The sessions of a person, newest first.
    pub(crate) async fn sessions(&self, user_id: i64, page: Page) -> Result<Vec<Session>, Error> {
        let mut query = session::Entity::find()
            .filter(session::Column::UserId.eq(user_id))
            .order_by_desc(session::Column::Id)
            .limit(page.size);
        if let Some(last) = page.after {
            query = query.filter(session::Column::Id.lt(last));
        }
        self.database.read(|read| async move { Ok(query.all(&read).await?) }).await
    }

    /// The messages of a session of this person, oldest first.
    pub(crate) async fn messages(
        &self,
        user_id: i64,
        session_id: i64,
        page: Page,
    ) -> Result<Vec<Message>, Error> {
        let mut query =
            said_in(user_id, session_id).order_by_asc(message::Column::Id).limit(page.size);
        if let Some(last) = page.after {
            query = query.filter(message::Column::Id.gt(last));
        }
        self.database
            .read(move |read| async move {
                let found = query.all(&read).await?;
                if found.is_empty() {
                    // An empty session and somebody else's look alike so far.
                    owned_session(&read, user_id, session_id).await?;
                }
                Ok(found)
            })
            .await
    }

    /// What was said before `message`, oldest first: the newest part, somewhat more than fits into
    /// `budget` tokens. Never the whole history of a long session.
    pub(crate) async fn history(
        &self,
        message: &Message,
        budget: usize,
    ) -> Result<Vec<Message>, Error> {
        let Message { id, user_id, session_id, .. } = *message;
        self.database
            .read_patiently(move |read| async move {
                let (mut history, mut spent, mut before) = (Vec::new(), 0, id);
                loop {
                    let page = said_in(user_id, session_id)
                        .filter(message::Column::Id.lt(before))
                        .order_by_desc(message::Column::Id)
                        .limit(HISTORY_PAGE)
                        .all(&read)
                        .await?;
                    let last = page.len() < usize::try_from(HISTORY_PAGE).unwrap_or_default();
                    spent += page.iter().map(|old| prompt::tokens(&old.text)).sum::<usize>();
                    history.extend(page);
                    match history.last() {
                        Some(oldest) if !last && spent <= budget => before = oldest.id,
                        _ => break,
                    }
                }
                history.reverse();
                Ok(history)
            })
            .await
    }
}

fn said_in(user_id: i64, session_id: i64) -> sea_orm::Select<message::Entity> {
    message::Entity::find()
        .filter(message::Column::UserId.eq(user_id))
        .filter(message::Column::SessionId.eq(session_id))
}

fn new_session(user_id: i64, now: DateTime<Utc>) -> session::ActiveModel {
    session::ActiveModel { user_id: Set(user_id), created_at: Set(now), ..Default::default() }
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
