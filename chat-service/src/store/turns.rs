//! Turns as they are kept: how one begins and how it ends, each in one transaction.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, Set,
};

use super::{Message, Sender, Session, Store, message, new_session, owned_session, session, turn};
use crate::error::Error;

/// A turn that has begun: its message is committed.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) turn_id: i64,
    pub(crate) user_message: Message,
}

impl Store {
    /// Begins a turn: finds or starts the session, stores the message. Without a session: the most
    /// recently created one, or a new one.
    pub(crate) async fn accept(
        &self,
        user_id: i64,
        session_id: Option<i64>,
        text: String,
        lease_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Accepted, Error> {
        self.database
            .write(move |tx| {
                async move {
                    let session = match session_id {
                        Some(id) => owned_session(tx, user_id, id).await?,
                        None => match latest_session(tx, user_id).await? {
                            Some(session) => session,
                            None => new_session(user_id, now).insert(tx).await?,
                        },
                    };
                    let turn = turn::ActiveModel {
                        user_id: Set(user_id),
                        session_id: Set(session.id),
                        state: Set(turn::State::Running),
                        lease_until: Set(lease_until),
                        created_at: Set(now),
                        ..Default::default()
                    };
                    let turn_id = turn.insert(tx).await?.id;
                    let place = Place { user: user_id, session: session.id, turn: turn_id };
                    let user_message = place.say(Sender::User, text, now).insert(tx).await?;
                    Ok(Accepted { turn_id, user_message })
                }
                .boxed()
            })
            .await
    }

    /// Ends the turn of `user_message` with a reply.
    pub(crate) async fn complete(
        &self,
        user_message: &Message,
        reply: String,
        now: DateTime<Utc>,
    ) -> Result<Message, Error> {
        let Message { user_id, session_id, turn_id, .. } = *user_message;
        let reply =
            Place { user: user_id, session: session_id, turn: turn_id }.say(Sender::Ai, reply, now);
        self.database
            .write_patiently(move |tx| {
                async move {
                    let reply = reply.insert(tx).await?;
                    end(tx, turn_id, turn::State::Completed, now).await?;
                    Ok(reply)
                }
                .boxed()
            })
            .await
    }

    /// Gives a turn up. Its message stays.
    pub(crate) async fn fail(&self, turn_id: i64, now: DateTime<Utc>) -> Result<(), Error> {
        self.database
            .write_patiently(move |tx| end(tx, turn_id, turn::State::Failed, now).boxed())
            .await
    }
}

/// Where something is said.
struct Place {
    user: i64,
    session: i64,
    turn: i64,
}

impl Place {
    fn say(&self, sender: Sender, text: String, now: DateTime<Utc>) -> message::ActiveModel {
        message::ActiveModel {
            user_id: Set(self.user),
            session_id: Set(self.session),
            turn_id: Set(self.turn),
            sender: Set(sender),
            text: Set(text),
            created_at: Set(now),
            ..Default::default()
        }
    }
}

/// By id and not by clock: of two sessions made in one moment, one is the newer.
async fn latest_session(
    connection: &impl ConnectionTrait,
    user_id: i64,
) -> Result<Option<Session>, Error> {
    let newest = session::Entity::find()
        .filter(session::Column::UserId.eq(user_id))
        .order_by_desc(session::Column::Id);
    Ok(newest.one(connection).await?)
}

async fn end(
    connection: &impl ConnectionTrait,
    turn_id: i64,
    state: turn::State,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ended = turn::ActiveModel {
        id: Set(turn_id),
        state: Set(state),
        ended_at: Set(Some(now)),
        ..Default::default()
    };
    ended.update(connection).await?;
    Ok(())
}
