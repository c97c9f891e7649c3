//! How a turn begins: everything that must be on disk before the model is asked, in one transaction.

mod noticing;
mod way;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DatabaseTransaction, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};

pub(crate) use self::noticing::Words;
use self::way::Way;
use super::end::{self, Reply};
use super::{
    Event, Finish, Lease, Message, Sender, Session, State, Store, Told, Turn, Usage, branches,
    message, owned_message, owned_session, owned_turn, requests, safety_days, session, sessions,
    touch, turn, usage,
};
use crate::error::Error;
use crate::limits::{Allowance, PersonLimits};
use crate::requests::Request;

/// A turn that somebody wants.
#[derive(Clone)]
pub(crate) struct Begin {
    pub(crate) user_id: i64,
    pub(crate) what: What,
    pub(crate) request: Option<Request>,
    pub(crate) words: Words,
    /// What the person's turns at work have said so far.
    pub(crate) told: HashMap<i64, Told>,
    /// Whether there is a place for it among the turns at work.
    pub(crate) has_place: bool,
    pub(crate) limits: PersonLimits,
    pub(crate) lease: Lease,
    pub(crate) now: DateTime<Utc>,
}

/// What is to be answered.
#[derive(Clone)]
pub(crate) enum What {
    /// Something said; without a session, in the most recently created one.
    Said { session_id: Option<i64>, text: String, title: String },
    /// Something said in place of an earlier message.
    Edited { message_id: i64, text: String },
    /// What was answered before.
    Again { turn_id: i64 },
    /// What could not be answered before.
    Failed { turn_id: i64 },
}

/// A turn that is on disk.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) turn: Turn,
    /// What was said, if it was said just now.
    pub(crate) message: Option<Message>,
    /// Whether an earlier request began it.
    pub(crate) replayed: bool,
    /// Whether the caller is to answer it now.
    pub(crate) is_ours: bool,
    /// Turns that were at work and are not any more: what they answer was taken back.
    pub(crate) stopped: Vec<i64>,
    pub(crate) allowances: Vec<Allowance>,
}

/// Where a turn takes place, and what it answers.
struct Place {
    session: Session,
    parent_id: Option<i64>,
    /// What is said; `None` for a message that is there already.
    text: Option<String>,
    message_id: Option<i64>,
    stopped: Vec<i64>,
}

impl Store {
    /// Begins a turn.
    pub(crate) async fn begin(&self, begin: Begin) -> Result<Begun, Error> {
        self.of(begin.user_id).write(|tx| async move { begin.run(tx).await }.boxed()).await
    }
}

impl Begin {
    async fn run(mut self, tx: &DatabaseTransaction) -> Result<Begun, Error> {
        let request = self.request.take();
        if let Some(request) = &request
            && let Some(turn_id) = requests::find(tx, self.user_id, request, self.now).await?
        {
            let turn = owned_turn(tx, self.user_id, turn_id).await?;
            if turn.state == State::Failed {
                return Ok(Begun { replayed: true, ..self.resume(tx, turn).await? });
            }
            let (message, stopped, allowances) = (None, Vec::new(), Vec::new());
            let is_ours = false;
            return Ok(Begun { turn, message, replayed: true, is_ours, stopped, allowances });
        }
        if let What::Failed { turn_id } = self.what {
            let turn = owned_turn(tx, self.user_id, turn_id).await?;
            if turn.state != State::Failed {
                return Err(Error::NothingToRetry);
            }
            // One from before replies had numbers of their own is answered by a turn beside it.
            if !is_numbered_otherwise(tx, &turn).await? {
                return self.resume(tx, turn).await;
            }
        }
        let Place { session, parent_id, text, message_id, stopped } = self.place(tx).await?;
        let used = usage::count_turn(tx, self.user_id, self.now).await?;
        let daily = self.limits.daily(used, self.now);
        let over = daily.clone().filter(|left| used > left.quota);
        let noticed = self.notice(tx, session.id, text.is_some()).await?;
        let notice = noticed.notice.as_ref();
        let (way, mut allowances) = self.way(tx, session.id, over, notice).await?;
        allowances.extend(daily);
        let row = turn::ActiveModel {
            user_id: Set(self.user_id),
            session_id: Set(session.id),
            parent_id: Set(parent_id),
            message_id: Set(message_id),
            created_at: Set(self.now),
            shown: Set(true),
            partial: Set(String::new()),
            disclosure: Set(noticed.disclosure.map(str::to_owned)),
            ..self.standing(&way, 0, 0)
        };
        let turn = row.notice(notice, noticed.whereabouts).insert(tx).await?;
        noticed.count(tx, self.now).await?;
        let message = match text {
            Some(text) => {
                let id = turn.user_message_id();
                Some(end::said(&turn, Sender::User, id, text, self.now).insert(tx).await?)
            }
            None => None,
        };
        if let Some(request) = request {
            requests::remember(tx, self.user_id, request, turn.id, self.now).await?;
        }
        let (turn, is_ours) = self.set_out(tx, turn, way).await?;
        Ok(Begun { turn, message, replayed: false, is_ours, stopped, allowances })
    }

    /// Has a turn that failed answered after all.
    async fn resume(&self, tx: &DatabaseTransaction, turn: Turn) -> Result<Begun, Error> {
        let known = turn.notice();
        // One from before anything was noticed in turns is heard now.
        let late = match known {
            Some(_) => None,
            None => Some(self.notice(tx, turn.session_id, false).await?),
        };
        let notice = known.as_ref().or(late.as_ref().and_then(|late| late.notice.as_ref()));
        let (way, allowances) = self.way(tx, turn.session_id, None, notice).await?;
        let mut row = turn::ActiveModel {
            failure: Set(None),
            crashes: Set(0),
            ended_at: Set(None),
            ..self.standing(&way, turn.attempt, turn.claims)
        };
        row.id = turn.into_active_model().id;
        if let Some(late) = late {
            row = row.notice(late.notice.as_ref(), late.whereabouts);
        }
        let turn = row.update(tx).await?;
        let (turn, is_ours) = self.set_out(tx, turn, way).await?;
        let (message, stopped) = (None, Vec::new());
        Ok(Begun { turn, message, replayed: false, is_ours, stopped, allowances })
    }

    /// The columns that say who has a turn, for one that sets out.
    fn standing(&self, way: &Way, attempt: i32, claims: i32) -> turn::ActiveModel {
        let (state, more) = match way {
            Way::Wait => (State::Queued, 0),
            Way::Run => (State::Running, 1),
            // It ends in this very transaction, and another may be running.
            Way::Write(_) => (State::Queued, 1),
        };
        turn::ActiveModel {
            state: Set(state),
            attempt: Set(attempt + more),
            claims: Set(claims + more),
            owner: Set(self.lease.owner),
            lease_until: Set(self.lease.until),
            ..Default::default()
        }
    }

    /// Answers a turn at once, if that is its way. True if the caller is to answer it.
    async fn set_out(
        &self,
        tx: &DatabaseTransaction,
        turn: Turn,
        way: Way,
    ) -> Result<(Turn, bool), Error> {
        Ok(match way {
            Way::Run => (turn, true),
            Way::Wait => (turn, false),
            Way::Write(notice) => {
                safety_days::count(tx, Event::Written, Some(&notice), self.now).await?;
                let (text, usage) = (notice.reply(turn.id), Usage::default());
                let attempt = turn.attempt;
                let finish = Finish::Written;
                let reply = Reply { attempt, text, finish, usage, raised: None };
                (end::answer(tx, turn, reply, self.now).await?.turn, false)
            }
        })
    }

    /// Finds or makes the place of a turn that was never begun before.
    async fn place(&mut self, tx: &DatabaseTransaction) -> Result<Place, Error> {
        let (turn, text) = match self.what.clone() {
            What::Said { session_id, text, title } => {
                let session = self.session(tx, session_id, title).await?;
                let parent_id = latest_shown(self.user_id, session.id).into_tuple().one(tx).await?;
                let (text, stopped) = (Some(text), Vec::new());
                return Ok(Place { session, parent_id, text, message_id: None, stopped });
            }
            What::Edited { message_id, text } => {
                let message = owned_message(tx, self.user_id, message_id, Sender::User).await?;
                (owned_turn(tx, self.user_id, message.turn_id).await?, Some(text))
            }
            What::Again { turn_id } | What::Failed { turn_id } => {
                (owned_turn(tx, self.user_id, turn_id).await?, None)
            }
        };
        let session = owned_session(tx, self.user_id, turn.session_id).await?;
        touch(tx, session.id, Some(self.now)).await?;
        let message_id = text.is_none().then(|| turn.user_message_id());
        let stopped = branches::leave(tx, &turn, &mut self.told, self.now).await?;
        if let Some(message_id) = message_id {
            branches::show_message(tx, message_id).await?;
        }
        Ok(Place { session, parent_id: turn.parent_id, text, message_id, stopped })
    }

    /// The session that something is said in. It counts as changed from here on.
    async fn session(
        &self,
        tx: &DatabaseTransaction,
        session_id: Option<i64>,
        title: String,
    ) -> Result<Session, Error> {
        let is_it = match session_id {
            Some(id) => session::Column::Id.eq(id),
            None => session::Column::Id.in_subquery(sessions::latest(self.user_id)),
        };
        let untitled = session::Column::Title.eq("");
        let named = Expr::case(untitled, title.as_str()).finally(Expr::col(session::Column::Title));
        let found = session::Entity::update_many()
            .filter(session::Column::UserId.eq(self.user_id))
            .filter(is_it)
            .col_expr(session::Column::Title, named.into())
            .col_expr(session::Column::Version, Expr::col(session::Column::Version).add(1))
            .col_expr(session::Column::UpdatedAt, Expr::value(self.now))
            // Where something is said again, nothing is put away.
            .col_expr(session::Column::ArchivedAt, Expr::value(None::<DateTime<Utc>>))
            .exec_with_returning(tx)
            .await?;
        match (found.into_iter().next(), session_id) {
            (Some(session), _) => Ok(session),
            (None, Some(_)) => Err(Error::SessionNotFound),
            (None, None) => {
                Ok(sessions::row(self.user_id, title, false, self.now).insert(tx).await?)
            }
        }
    }
}

/// Whether a turn has a message of its own whose number it did not give.
async fn is_numbered_otherwise(tx: &DatabaseTransaction, turn: &Turn) -> Result<bool, Error> {
    let Some(id) = turn.message_id else { return Ok(false) };
    let own = message::Entity::find_by_id(id).filter(message::Column::TurnId.eq(turn.id));
    Ok(own.one(tx).await?.is_some())
}

/// The last turn of the branch that is shown.
fn latest_shown(user_id: i64, session_id: i64) -> sea_orm::Select<turn::Entity> {
    turn::Entity::find()
        .filter(turn::Column::UserId.eq(user_id))
        .filter(turn::Column::SessionId.eq(session_id))
        .filter(turn::Column::Shown.eq(true))
        .order_by_desc(turn::Column::Id)
        .select_only()
        .column(turn::Column::Id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::plan;

    #[tokio::test(flavor = "multi_thread")]
    async fn beginning_a_turn_looks_at_no_more_than_it_must() {
        let newest = plan(&latest_shown(1, 1)).await;
        assert!(newest.contains("(user_id=? AND session_id=?)"), "{newest}");
    }
}
