//! Deleting everything that is kept of a person.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, DbBackend, EntityTrait, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    Set,
};

use super::deletion::DELETED_AT_ONCE;
use super::{
    Store, departed, message, person, preference, request, safety_days, session, turn, usage_day,
};
use crate::error::Error;

impl Store {
    /// Notes that somebody is gone. From here on nothing of theirs is taken any more, and what was at
    /// work or in line for them is not there: whoever still works on it has nothing to end. Returns
    /// which turns these were.
    pub(crate) async fn depart(&self, user_id: i64, now: DateTime<Utc>) -> Result<Vec<i64>, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    person::lock(user_id).hold(tx).await?;
                    let row =
                        departed::ActiveModel { user_id: Set(user_id), departed_at: Set(now) };
                    let again =
                        OnConflict::column(departed::Column::UserId).do_nothing().to_owned();
                    departed::Entity::insert(row)
                        .on_conflict(again)
                        .exec_without_returning(tx)
                        .await?;
                    let open = turn::Entity::find()
                        .filter(turn::Column::UserId.eq(user_id))
                        .filter(turn::is_open())
                        .select_only()
                        .column(turn::Column::Id);
                    let open: Vec<i64> = open.into_tuple().all(tx).await?;
                    turn::Entity::delete_many()
                        .filter(turn::Column::Id.is_in(open.iter().copied()))
                        .exec(tx)
                        .await?;
                    Ok(open)
                }
                .boxed()
            })
            .await
    }

    /// Deletes everything of somebody who is gone, a part at a time. Cut off in between, it can be
    /// asked for again.
    pub(crate) async fn purge(&self, user_id: i64) -> Result<(), Error> {
        // Opinions go with their messages, and what is remembered of a session with it. What else
        // belongs to other rows goes before them, so that no part is larger than it should be.
        self.delete_owned::<message::Entity>(message::Column::UserId, user_id).await?;
        self.delete_owned::<turn::Entity>(turn::Column::UserId, user_id).await?;
        self.delete_owned::<session::Entity>(session::Column::UserId, user_id).await?;
        self.delete_owned::<request::Entity>(request::Column::UserId, user_id).await?;
        self.forget_usage(user_id).await?;
        self.delete_owned::<preference::Entity>(preference::Column::UserId, user_id).await?;
        self.database.wipe();
        Ok(())
    }

    /// Deletes what somebody has used. How many turns there were on a day is still known, of all people.
    async fn forget_usage(&self, user_id: i64) -> Result<(), Error> {
        let job = self.database.write_patiently(move |tx| {
            async move {
                safety_days::count_departed(tx, user_id).await?;
                let theirs = usage_day::Column::UserId.eq(user_id);
                usage_day::Entity::delete_many().filter(theirs).exec(tx).await?;
                Ok(())
            }
            .boxed()
        });
        job.await
    }

    /// Deletes all rows of a table that are one person's.
    async fn delete_owned<E: EntityTrait>(
        &self,
        owner: E::Column,
        user_id: i64,
    ) -> Result<(), Error> {
        let backend = self.database.backend();
        let some = || row_id(backend).in_subquery(owned::<E>(backend, owner, user_id));
        self.delete_in_parts(|| E::delete_many().filter(some())).await
    }
}

/// Tables have keys of all kinds; this is one that each of them has.
fn row_id(backend: DbBackend) -> Expr {
    Expr::cust(if backend == DbBackend::Postgres { "ctid" } else { "rowid" })
}

/// Some of the rows of a table that are one person's.
fn owned<E: EntityTrait>(backend: DbBackend, owner: E::Column, user_id: i64) -> SelectStatement {
    Query::select()
        .expr(row_id(backend))
        .from(E::default().table_ref())
        .and_where(owner.eq(user_id))
        .limit(DELETED_AT_ONCE)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use sea_orm::{ConnectionTrait as _, Statement};

    use super::*;
    use crate::safety::{Notice, Tier};
    use crate::store::tests::{open, plan_of, said};
    use crate::store::{Begin, Failure, Finish, Keep, Lease, Progress, Reply, Turn, Usage};

    /// Everything that a row could be left in.
    const ROWS: &str = "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM turns)
        + (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM usage_days)
        + (SELECT COUNT(*) FROM risks)
        + (SELECT COUNT(*) FROM safety_days WHERE event <> 'departed') AS rows";

    fn begin(text: &str) -> Begin {
        let now = clock::now();
        said(text, Lease::of(1, now), now)
    }

    /// Ends a turn in all the ways there are, and begins another.
    async fn come_too_late(store: &Store, turn: &Turn) {
        let (now, lease) = (clock::now(), Lease::of(1, clock::now()));
        let (text, usage) = ("too late".to_owned(), Usage { reply_tokens: 2, ..Usage::default() });
        let reply = Reply { attempt: 1, text, finish: Finish::Stop, usage, raised: None };
        assert!(store.complete(turn.clone(), reply, lease, now).await.unwrap().is_none());
        let failed = (Failure::ModelTimeout, 1);
        assert!(store.fail(turn.clone(), failed, lease, now).await.unwrap().is_none());
        let (turn_id, claims, text) = (turn.id, turn.claims, "too".to_owned());
        let progress = Progress { turn_id, claims, attempt: 1, text };
        assert_eq!(store.save_progress(vec![progress]).await.unwrap(), [(turn_id, claims)]);
        assert!(store.renew(vec![turn_id], lease).await.unwrap().is_empty());
        assert!(store.adopt(vec![turn.clone()], lease).await.unwrap().is_empty());
        let gone = |error| matches!(error, Error::AccountDeleted);
        let keep = Keep::default();
        assert!(store.cancel((1, turn_id), keep, None, lease, now).await.is_err_and(gone));
        let notice = Notice::raised(Tier::High, turn.whereabouts());
        assert!(store.raise((1, turn_id), notice, now).await.is_err_and(gone));
        assert!(store.begin(begin("too late")).await.is_err_and(gone));
        assert!(store.add_session(1, String::new(), None, now).await.is_err_and(gone));
        assert!(store.set_region(1, Some("GB".into())).await.is_err_and(gone));
        assert!(store.said_up_to(turn, 100).await.is_err_and(gone));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_comes_when_its_person_is_gone_is_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let running = store.begin(begin("hello")).await.unwrap().turn;
        let queued = store.begin(begin("and more")).await.unwrap().turn;
        let mut broken_off = store.depart(1, clock::now()).await.unwrap();
        broken_off.sort_unstable();
        assert_eq!(broken_off, [running.id, queued.id]);
        for turn in [&running, &queued] {
            come_too_late(&store, turn).await;
        }
        store.purge(1).await.unwrap();
        for turn in [&running, &queued] {
            come_too_late(&store, turn).await;
        }
        let rows = Statement::from_string(store.database.backend(), ROWS);
        let left = store.database.read(|read| async move {
            let row = read.query_one_raw(rows).await?;
            Ok::<_, Error>(row.map(|row| row.try_get::<i64>("", "rows").unwrap()))
        });
        assert_eq!(left.await.unwrap(), Some(0));
        assert!(store.depart(1, clock::now()).await.unwrap().is_empty(), "there is nothing left");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn how_many_turns_there_were_is_known_when_their_people_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        for (user_id, texts) in [(1, ["hello", "and more"].as_slice()), (2, &["hi"]), (3, &["I"])] {
            for text in texts {
                store.begin(Begin { user_id, ..begin(text) }).await.unwrap();
            }
        }
        let url = scratch::url(folder.path(), "chat");
        let turns = async || {
            let today = crate::limits::day(clock::now());
            safety_days::counted(&url, &today, &today).await.unwrap().turns
        };
        assert_eq!(turns().await, 4);
        for user_id in [1, 2, 1] {
            store.depart(user_id, clock::now()).await.unwrap();
            store.purge(user_id).await.unwrap();
            assert_eq!(turns().await, 4);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_somebodys_is_found_without_a_look_at_what_is_not() {
        for some in [
            owned::<message::Entity>(DbBackend::Sqlite, message::Column::UserId, 1),
            owned::<turn::Entity>(DbBackend::Sqlite, turn::Column::UserId, 1),
            owned::<session::Entity>(DbBackend::Sqlite, session::Column::UserId, 1),
            owned::<request::Entity>(DbBackend::Sqlite, request::Column::UserId, 1),
            owned::<preference::Entity>(DbBackend::Sqlite, preference::Column::UserId, 1),
        ] {
            let plan = plan_of(DbBackend::Sqlite.build(&some)).await;
            assert!(plan.starts_with("SEARCH") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
