//! Sessions as they are kept.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Set,
};

use super::{Session, Store, message, messages, owned_session, requests, session, turn};
use crate::error::Error;
use crate::pages::Position;
use crate::requests::Request;
use crate::safety::screen;
use crate::titles;

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Viewed {
    pub(crate) session: Session,
    /// The turn that is being answered right now.
    pub(crate) active_turn_id: Option<i64>,
}

impl Viewed {
    /// `running`: the turns at work, and in which session each.
    fn of(session: Session, running: &[(i64, i64)]) -> Self {
        let active = running.iter().find(|(_, place)| *place == session.id);
        Self { active_turn_id: active.map(|(turn, _)| *turn), session }
    }
}

/// What is to change in a session; what is `None` stays.
#[derive(Clone, Default)]
pub(crate) struct Change {
    /// Empty to have the first words again.
    pub(crate) title: Option<String>,
    pub(crate) archived: Option<bool>,
}

impl Store {
    /// Starts a session, or finds the one that an earlier request of this name started: true.
    pub(crate) async fn add_session(
        &self,
        user_id: i64,
        title: String,
        request: Option<Request>,
        now: DateTime<Utc>,
    ) -> Result<(Session, bool), Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    if let Some(request) = &request
                        && let Some(id) = requests::find(tx, user_id, request, now).await?
                    {
                        return Ok((owned_session(tx, user_id, id).await?, true));
                    }
                    let is_own = !title.is_empty();
                    let session = row(user_id, title, is_own, now).insert(tx).await?;
                    if let Some(request) = request {
                        requests::remember(tx, user_id, request, session.id, now).await?;
                    }
                    Ok((session, false))
                }
                .boxed()
            })
            .await
    }

    /// A session of this person.
    pub(crate) async fn session(&self, user_id: i64, session_id: i64) -> Result<Viewed, Error> {
        self.of(user_id)
            .read(move |read| async move {
                let session = owned_session(&read, user_id, session_id).await?;
                viewed(&read, session).await
            })
            .await
    }

    /// The sessions of a person, those with the latest activity first, from a position on.
    pub(crate) async fn sessions(
        &self,
        user_id: i64,
        archived: bool,
        after: Option<Position>,
        size: u64,
    ) -> Result<Vec<Viewed>, Error> {
        use session::Column::{ArchivedAt, Id, UpdatedAt, UserId};
        let put_away = if archived { ArchivedAt.is_not_null() } else { ArchivedAt.is_null() };
        let mut query = session::Entity::find()
            .filter(UserId.eq(user_id))
            .filter(put_away)
            .order_by_desc(UpdatedAt)
            .order_by_desc(Id)
            .limit(size);
        if let Some(Position { time, id }) = after {
            let same = Condition::all().add(UpdatedAt.eq(time)).add(Id.lt(id));
            query = query.filter(Condition::any().add(UpdatedAt.lt(time)).add(same));
        }
        self.of(user_id)
            .read(move |read| async move {
                let found = query.all(&read).await?;
                let running = running(&read, user_id).await?;
                Ok(found.into_iter().map(|session| Viewed::of(session, &running)).collect())
            })
            .await
    }

    /// Changes a session.
    pub(crate) async fn change_session(
        &self,
        user_id: i64,
        session_id: i64,
        change: Change,
        now: DateTime<Utc>,
    ) -> Result<Viewed, Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    let session = owned_session(tx, user_id, session_id).await?;
                    let mut row = session::ActiveModel {
                        id: Set(session.id),
                        version: Set(session.version + 1),
                        updated_at: Set(now),
                        ..Default::default()
                    };
                    if let Some(title) = change.title {
                        row.has_own_title = Set(!title.is_empty());
                        let own = title;
                        row.title = Set(if own.is_empty() {
                            first_words(tx, &session).await?
                        } else {
                            own
                        });
                    }
                    if let Some(archived) = change.archived {
                        let since = session.archived_at.unwrap_or(now);
                        row.archived_at = Set(archived.then_some(since));
                    }
                    let session = row.update(tx).await?;
                    viewed(tx, session).await
                }
                .boxed()
            })
            .await
    }
}

/// The session as its owner sees it.
pub(super) async fn viewed(
    connection: &impl ConnectionTrait,
    session: Session,
) -> Result<Viewed, Error> {
    let running = running(connection, session.user_id).await?;
    Ok(Viewed::of(session, &running))
}

/// The turns of a person at work, and where.
async fn running(
    connection: &impl ConnectionTrait,
    user_id: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let running = turn::Entity::find()
        .filter(turn::Column::UserId.eq(user_id))
        .filter(turn::is_running())
        .select_only()
        .column(turn::Column::Id)
        .column(turn::Column::SessionId);
    Ok(running.into_tuple().all(connection).await?)
}

/// The session that was made last, of those that are not put away. By id and not by clock: of two made
/// in one moment, one is the newer.
pub(super) fn latest(user_id: i64) -> SelectStatement {
    session::Entity::find()
        .filter(session::Column::UserId.eq(user_id))
        .filter(session::Column::ArchivedAt.is_null())
        .select_only()
        .column_as(session::Column::Id.max(), "id")
        .into_query()
}

/// A new session.
pub(super) fn row(
    user_id: i64,
    title: String,
    is_own: bool,
    now: DateTime<Utc>,
) -> session::ActiveModel {
    session::ActiveModel {
        user_id: Set(user_id),
        title: Set(title),
        has_own_title: Set(is_own),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Takes the person's words out of a title that they did not give.
pub(super) async fn hide_title(
    connection: &impl ConnectionTrait,
    session_id: i64,
) -> Result<(), Error> {
    session::Entity::update_many()
        .filter(session::Column::Id.eq(session_id))
        .filter(session::Column::HasOwnTitle.eq(false))
        .col_expr(session::Column::Title, Expr::value(titles::DISCREET))
        .exec(connection)
        .await?;
    Ok(())
}

/// The title that a session has by itself.
async fn first_words(
    connection: &impl ConnectionTrait,
    session: &Session,
) -> Result<String, Error> {
    let said = messages::said_in(session.user_id, session.id);
    let first = said.order_by_asc(message::Column::Id);
    let Some(first) = first.one(connection).await? else { return Ok(String::new()) };
    let turn = turn::Entity::find_by_id(first.turn_id).one(connection).await?;
    let noticed = turn.and_then(|turn| turn.notice()).map(|notice| notice.tier);
    let tier = screen(&first.text).tier.max(noticed.unwrap_or_default());
    Ok(titles::of(&first.text, tier))
}
