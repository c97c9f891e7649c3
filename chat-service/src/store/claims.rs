//! Who has a turn, and for how long: claims by compare-and-set, leases, and what they protect.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};

use super::{State, Store, Turn, person, turn};
use crate::error::Error;

/// How long a turn belongs to a process that is not heard of. Long enough for a process that is held
/// up, short enough for a person who waits.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(10);
/// Attempts that one claim on a turn comes to at most: two at the model, and words written in advance.
/// The next claim begins beyond them, whether or not they were written down.
const ATTEMPTS: i32 = 3;
/// Turns named in one statement.
const AT_ONCE: usize = 500;

/// Who takes a turn, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) owner: i64,
    pub(crate) until: DateTime<Utc>,
}

impl Lease {
    pub(crate) fn of(owner: i64, now: DateTime<Utc>) -> Self {
        Self { owner, until: now + LEASE }
    }
}

/// How far a reply has come.
#[derive(Clone)]
pub(crate) struct Progress {
    pub(crate) turn_id: i64,
    pub(crate) claims: i32,
    pub(crate) attempt: i32,
    pub(crate) text: String,
}

impl Store {
    /// Writes down how far replies have come. Returns the turns, and the claims on them, that are not
    /// the caller's any more.
    pub(crate) async fn save_progress(
        &self,
        made: Vec<Progress>,
    ) -> Result<Vec<(i64, i32)>, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    let mut lost = Vec::new();
                    for Progress { turn_id, claims, attempt, text } in made {
                        let row = turn::ActiveModel {
                            attempt: Set(attempt),
                            partial: Set(text),
                            ..Default::default()
                        };
                        let saved = turn::Entity::update_many()
                            .filter(turn::Column::Id.eq(turn_id))
                            .filter(turn::Column::Claims.eq(claims))
                            .filter(turn::is_running())
                            .set(row)
                            .exec(tx)
                            .await?;
                        if saved.rows_affected == 0 {
                            lost.push((turn_id, claims));
                        }
                    }
                    Ok(lost)
                }
                .boxed()
            })
            .await
    }

    /// Keeps turns for another while. Returns those that are still the caller's.
    pub(crate) async fn renew(&self, turns: Vec<i64>, lease: Lease) -> Result<Vec<i64>, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    let mut kept = Vec::new();
                    for some in turns.chunks(AT_ONCE) {
                        let ours = || {
                            Condition::all()
                                .add(turn::Column::Id.is_in(some.iter().copied()))
                                .add(turn::Column::Owner.eq(lease.owner))
                                .add(turn::is_running())
                        };
                        turn::Entity::update_many()
                            .filter(ours())
                            .col_expr(turn::Column::LeaseUntil, Expr::value(lease.until))
                            .exec(tx)
                            .await?;
                        let ids = turn::Entity::find().filter(ours()).select_only();
                        let ids = ids.column(turn::Column::Id).into_tuple::<i64>();
                        kept.extend(ids.all(tx).await?);
                    }
                    Ok(kept)
                }
                .boxed()
            })
            .await
    }

    /// Lets go of everything that anybody has, for when nobody is left who could have anything. Returns
    /// how many turns that are.
    pub(crate) async fn release_all(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    let released = turn::Entity::update_many()
                        .filter(turn::is_running())
                        .col_expr(turn::Column::LeaseUntil, Expr::value(now - LEASE))
                        .exec(tx)
                        .await?;
                    Ok(released.rows_affected)
                }
                .boxed()
            })
            .await
    }

    /// Lets go of everything that a process has, so that another need not wait for its leases.
    pub(crate) async fn release(&self, owner: i64, now: DateTime<Utc>) -> Result<(), Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    turn::Entity::update_many()
                        .filter(turn::Column::Owner.eq(owner))
                        .filter(turn::is_running())
                        .col_expr(turn::Column::LeaseUntil, Expr::value(now - LEASE))
                        .exec(tx)
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Turns that nobody seems to answer, at most so many of a kind: those whose process is believed
    /// dead, and those that wait for nothing.
    pub(crate) async fn orphans(&self, most: u64, now: DateTime<Utc>) -> Result<Vec<Turn>, Error> {
        self.database
            .read(move |read| async move {
                let mut found = expired(most, now).all(&read).await?;
                found.extend(forgotten(most).all(&read).await?);
                Ok(found)
            })
            .await
    }

    /// Takes orphans, as far as nobody else was faster.
    pub(crate) async fn adopt(
        &self,
        mut orphans: Vec<Turn>,
        lease: Lease,
    ) -> Result<Vec<Turn>, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    let mut taken = Vec::new();
                    orphans.sort_unstable_by_key(|turn| turn.user_id);
                    for turn in orphans {
                        person::lock(turn.user_id).hold(tx).await?;
                        match turn.state {
                            State::Running => taken.extend(take(tx, &turn, lease).await?),
                            _ => taken.extend(promote(tx, &turn, lease).await?),
                        }
                    }
                    Ok(taken)
                }
                .boxed()
            })
            .await
    }
}

fn expired(most: u64, now: DateTime<Utc>) -> sea_orm::Select<turn::Entity> {
    turn::Entity::find()
        .filter(turn::is_running())
        .filter(turn::Column::LeaseUntil.lt(now))
        .order_by_asc(turn::Column::LeaseUntil)
        .limit(most)
}

/// Turns in line where nobody is at work. None, unless a process died at the worst of moments.
fn forgotten(most: u64) -> sea_orm::Select<turn::Entity> {
    let busy = Query::select()
        .column(turn::Column::SessionId)
        .from(turn::Entity)
        .and_where(turn::is_running())
        .to_owned();
    turn::Entity::find()
        .filter(turn::is_queued())
        .filter(turn::Column::SessionId.not_in_subquery(busy))
        .order_by_asc(turn::Column::Id)
        .limit(most)
}

/// Gives the session of a turn that ended to the next one in line. `None`: nobody waits.
pub(super) async fn promote(
    tx: &DatabaseTransaction,
    ended: &Turn,
    lease: Lease,
) -> Result<Option<Turn>, Error> {
    let open = turn::Entity::find()
        .filter(turn::Column::UserId.eq(ended.user_id))
        .filter(turn::Column::SessionId.eq(ended.session_id))
        .filter(turn::is_open())
        .order_by_asc(turn::Column::Id)
        .all(tx)
        .await?;
    if open.iter().any(|turn| turn.state == State::Running) {
        return Ok(None);
    }
    match open.first() {
        Some(next) => take(tx, next, lease).await,
        None => Ok(None),
    }
}

/// Takes a turn if nobody has taken it since the caller looked.
async fn take(
    connection: &impl ConnectionTrait,
    turn: &Turn,
    lease: Lease,
) -> Result<Option<Turn>, Error> {
    let is_orphan = turn.state == State::Running;
    let attempt = if is_orphan { turn.attempt + ATTEMPTS } else { turn.attempt + 1 };
    let row = turn::ActiveModel {
        state: Set(State::Running),
        claims: Set(turn.claims + 1),
        crashes: Set(turn.crashes + i32::from(is_orphan)),
        attempt: Set(attempt),
        owner: Set(lease.owner),
        lease_until: Set(lease.until),
        partial: Set(String::new()),
        ..Default::default()
    };
    let taken = turn::Entity::update_many()
        .filter(turn::Column::Id.eq(turn.id))
        .filter(turn::Column::Claims.eq(turn.claims))
        .filter(turn::Column::State.eq(turn.state))
        .filter(turn::Column::LeaseUntil.eq(turn.lease_until))
        .set(row)
        .exec_with_returning(connection)
        .await?;
    Ok(taken.into_iter().next())
}

#[cfg(test)]
mod tests {
    use chassis::clock;

    use super::*;
    use crate::store::tests::{open, plan, said};
    use crate::store::{Finish, Reply, Usage};

    fn reply(text: &str) -> Reply {
        let (text, usage) = (text.to_owned(), Usage::default());
        Reply { attempt: 1, text, finish: Finish::Stop, usage, raised: None }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn looking_for_orphans_looks_at_open_turns_only() {
        let expired = plan(&expired(9, clock::now())).await;
        assert!(expired.contains("turns_leases (lease_until<?)"), "{expired}");
        let forgotten = plan(&forgotten(9)).await;
        assert!(!forgotten.contains("SCAN turns\n"), "{forgotten}");
        assert!(forgotten.contains("turns_in_line"), "{forgotten}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_lost_a_turn_meanwhile_cannot_write_to_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let now = clock::now();
        let later = now + LEASE + TimeDelta::seconds(1);
        let (slow, quick) = (Lease::of(1, now), Lease::of(2, later));
        let turn = store.begin(said("hello", slow, now)).await.unwrap().turn;
        assert!(store.orphans(9, now).await.unwrap().is_empty(), "it is not late yet");
        let late = store.orphans(9, later).await.unwrap();
        let taken = store.adopt(late.clone(), quick).await.unwrap().pop().unwrap();
        assert_eq!((taken.id, taken.claims, taken.crashes), (turn.id, 2, 1));
        assert!(taken.attempt > turn.attempt + 1, "beyond what the first may have told");
        assert!(store.adopt(late, slow).await.unwrap().is_empty(), "it is taken");

        // The first wakes up again, and knows of nothing.
        let progress =
            Progress { turn_id: turn.id, claims: turn.claims, attempt: 1, text: "I".into() };
        assert_eq!(store.save_progress(vec![progress]).await.unwrap(), [(turn.id, 1)]);
        assert!(store.renew(vec![turn.id], Lease::of(1, later)).await.unwrap().is_empty());
        let late = store.complete(turn, reply("too late"), slow, later).await.unwrap();
        assert!(late.is_none());

        let ended = store.complete(taken, reply("in time"), quick, later).await.unwrap().unwrap();
        assert_eq!(ended.outcome.reply.unwrap().text, "in time");
        assert!(store.orphans(9, later + LEASE * 2).await.unwrap().is_empty());
    }
}
