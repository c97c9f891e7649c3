//! What is remembered of conversations, and where people are.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DatabaseTransaction,
    EntityTrait as _, Iterable as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Set,
};

use super::{Event, Store, message, owned_turn, preferences, risk, safety_days, sessions, turn};
use crate::error::Error;
use crate::safety::{Conversation, Display, Notice};

/// Conversations of a person that are looked at for what still counts.
const RECENT: u64 = 8;

/// Where something is said.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot {
    Session(i64),
    /// In the session that messages without one go to.
    Latest,
    /// In place of this message.
    Message(i64),
}

/// What is known before a message is heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Background {
    pub(crate) talk: Conversation,
    /// The country that the person set.
    pub(crate) region: Option<String>,
}

impl Store {
    /// What is known of a person and of the session that they speak in. Help is for everybody: of
    /// somebody who is gone, nothing is known.
    pub(crate) async fn background(
        &self,
        user_id: i64,
        spot: Spot,
        now: DateTime<Utc>,
    ) -> Result<Background, Error> {
        self.database
            .read(move |read| async move {
                let own = match spot {
                    Spot::Session(id) => find(&read, user_id, id).await?,
                    Spot::Latest => latest(user_id).one(&read).await?,
                    Spot::Message(id) => session_of(user_id, id).one(&read).await?,
                };
                let talk = conversation(&read, own.as_ref(), user_id, now).await?;
                let region = preferences::region(&read, user_id).await?;
                Ok(Background { talk, region })
            })
            .await
    }

    /// Notes what somebody else's judgement made of a turn, also if that has ended meanwhile, and
    /// counts it.
    pub(crate) async fn raise(
        &self,
        (user_id, turn_id): (i64, i64),
        notice: Notice,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.of(user_id)
            .write_patiently(move |tx| {
                async move {
                    let turn = owned_turn(tx, user_id, turn_id).await?;
                    if notice.is_within(turn.notice().as_ref()) {
                        return Ok(());
                    }
                    let known = find(tx, user_id, turn.session_id).await?;
                    let disclosed_at = known.as_ref().and_then(|row| row.disclosed_at);
                    let mut talk = conversation(tx, known.as_ref(), user_id, now).await?;
                    talk.raise_to(notice.tier, now);
                    save(tx, (user_id, turn.session_id), &talk, disclosed_at).await?;
                    sessions::hide_title(tx, turn.session_id).await?;
                    let row = turn::ActiveModel { id: Set(turn_id), ..Default::default() };
                    row.notice(Some(&notice), notice.whereabouts()).update(tx).await?;
                    safety_days::count(tx, Event::Raised, Some(&notice), now).await?;
                    if notice.display != Display::Pointer {
                        safety_days::count(tx, Event::Referred, Some(&notice), now).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// The row of a session.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    user_id: i64,
    session_id: i64,
) -> Result<Option<risk::Model>, Error> {
    let query = risk::Entity::find_by_id(session_id).filter(risk::Column::UserId.eq(user_id));
    Ok(query.one(connection).await?)
}

/// A conversation as it is remembered; one of which nothing is begins with what follows its person.
pub(super) async fn conversation(
    connection: &impl ConnectionTrait,
    row: Option<&risk::Model>,
    user_id: i64,
    now: DateTime<Utc>,
) -> Result<Conversation, Error> {
    if let Some(row) = row {
        return Ok(row.conversation());
    }
    let known = known(user_id).all(connection).await?.into_iter();
    let followed = known.map(|row| row.conversation().follow(now));
    Ok(followed.max_by_key(|talk| talk.tier).unwrap_or_default())
}

/// Remembers a conversation.
pub(super) async fn save(
    tx: &DatabaseTransaction,
    place: (i64, i64),
    talk: &Conversation,
    disclosed_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let columns = risk::Column::iter().filter(|column| !matches!(column, risk::Column::SessionId));
    let again = OnConflict::column(risk::Column::SessionId).update_columns(columns).to_owned();
    let row = risk::row(place, talk, disclosed_at);
    risk::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// The conversations of a person that may still count, the latest first.
fn known(user_id: i64) -> sea_orm::Select<risk::Entity> {
    risk::Entity::find()
        .filter(risk::Column::UserId.eq(user_id))
        .filter(Expr::cust("risks.since IS NOT NULL"))
        .order_by_desc(risk::Column::Since)
        .limit(RECENT)
}

/// The session that messages without one go to.
fn latest(user_id: i64) -> sea_orm::Select<risk::Entity> {
    risk::Entity::find()
        .filter(risk::Column::UserId.eq(user_id))
        .filter(risk::Column::SessionId.in_subquery(sessions::latest(user_id)))
}

/// The session of a message.
fn session_of(user_id: i64, message_id: i64) -> sea_orm::Select<risk::Entity> {
    let message =
        message::Entity::find_by_id(message_id).filter(message::Column::UserId.eq(user_id));
    let session = message.select_only().column(message::Column::SessionId).into_query();
    risk::Entity::find()
        .filter(risk::Column::UserId.eq(user_id))
        .filter(risk::Column::SessionId.in_subquery(session))
}
