//! Turns: one message and the one reply to it.
//!
//! A turn is committed before the model is asked, and no database connection is held while it
//! answers. From then on it runs by itself: a caller who hangs up changes nothing, and a process that
//! dies only means that another picks it up.

mod follower;
mod journal;
mod registry;
mod work;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::tasks::Tasks;
use chassis::{clock, ending};
use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::buddy::Buddy;
use crate::config::TurnsConfig;
use crate::draft::End;
use crate::error::Error;
use crate::limits::PersonLimits;
use crate::metrics;
use crate::prompt::Window;
use crate::requests::Request;
use crate::store::{
    Begin, Begun, Failure, Keep, Lease, Message, Outcome, State, Store, Turn, What, Words,
};
use registry::{Live, Registry};

pub(crate) use follower::{Cursor, Follower, News};

/// Between two looks at a turn that another process has.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks at a turn that waits in line: this process tells by itself when it is next.
const LOOK_AT_LINE: Duration = Duration::from_secs(1);
/// Looks at once: those who wait leave room for those who read.
const LOOKS: usize = 32;
/// Once turns are handed over, how long those who wait may still look here: it may have ended well.
const LAST_LOOK: Duration = Duration::from_millis(500);
/// Once turns are to end, what a model may still take to answer somebody in danger.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// When to come back if the model did not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Runs turns. Clones share the places.
#[derive(Clone)]
pub(crate) struct Turns {
    store: Store,
    buddy: Arc<Buddy>,
    tasks: Tasks,
    registry: Registry,
    places: Arc<Semaphore>,
    /// This process, among all that may share the database.
    owner: i64,
    limits: PersonLimits,
    crisis_patience: Duration,
    asks_for_verdict: bool,
    window: Window,
    looks: Arc<Semaphore>,
    /// Cancelled when turns are to come to an end.
    leaving: CancellationToken,
    /// Cancelled when turns are handed over to whoever comes next.
    closing: CancellationToken,
    /// Cancelled when it is too late to look how turns are.
    closed: CancellationToken,
}

impl Turns {
    pub(crate) fn new(store: Store, buddy: Buddy, config: &TurnsConfig) -> anyhow::Result<Self> {
        let mut owner = [0; 8];
        let random = SystemRandom::new();
        random.fill(&mut owner).map_err(|_| anyhow::anyhow!("there is no randomness"))?;
        let closing = CancellationToken::new();
        Ok(Self {
            store,
            buddy: Arc::new(buddy),
            tasks: Tasks::new(),
            registry: Registry::default(),
            places: Arc::new(Semaphore::new(config.at_once)),
            owner: i64::from_be_bytes(owner),
            limits: config.person.clone(),
            crisis_patience: config.crisis_patience,
            asks_for_verdict: config.verdict,
            window: config.window,
            looks: Arc::new(Semaphore::new(LOOKS)),
            leaving: CancellationToken::new(),
            closed: ending::after(LAST_LOOK, &closing),
            closing,
        })
    }

    /// The home of what outlives a caller.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Begins a turn, or finds the one that an earlier request of this name began.
    pub(crate) async fn begin(
        &self,
        user_id: i64,
        what: What,
        request: Option<Request>,
        words: Words,
        now: DateTime<Utc>,
    ) -> Result<Begun, Error> {
        let (place, received) = (self.places.clone().try_acquire_owned().ok(), Instant::now());
        // Only what takes something back needs to know what was said meanwhile.
        let takes_back = matches!(what, What::Edited { .. } | What::Again { .. });
        let told = if takes_back { self.registry.told(user_id) } else { HashMap::new() };
        let wanted = Begin {
            user_id,
            what,
            request,
            words,
            told,
            has_place: place.is_some(),
            limits: self.limits.clone(),
            lease: Lease::of(self.owner, now),
            now,
        };
        // A task of its own: a caller who hangs up while the message is being stored must still find a
        // reply.
        let turns = self.clone();
        let task = self.tasks.spawn(async move {
            let begun = turns.store.begin(wanted).await?;
            turns.forget(user_id, &begun.stopped);
            if begun.is_ours {
                turns.start(begun.turn.clone(), place, received.elapsed()).await;
            } else if !begun.replayed && begun.turn.has_ended() {
                metrics::answered_at_once();
            }
            Ok(begun)
        });
        task.await?
    }

    /// Ends the work on turns that are not wanted any more.
    pub(crate) fn forget(&self, user_id: i64, turns: &[i64]) {
        for turn_id in turns {
            if let Some(live) = self.registry.get(user_id, *turn_id) {
                self.registry.close(*turn_id, live.claims, End::Elsewhere);
            }
            self.registry.wake(*turn_id);
        }
    }

    /// Ends all work for a person, and has those who wait for the turns `open` look again.
    pub(crate) fn dismiss(&self, user_id: i64, open: &[i64]) {
        self.forget(user_id, &self.registry.of(user_id));
        self.forget(user_id, open);
    }

    /// Works on a turn that is ours, in a task of its own. `spent`: what beginning it took.
    async fn start(&self, turn: Turn, place: Option<OwnedSemaphorePermit>, spent: Duration) {
        // Entered before the task runs, so that its lease is renewed from now on.
        let Some(live) = self.enter(&turn).await else { return };
        let turns = self.clone();
        self.tasks.spawn(async move { turns.work(turn, live, place, spent).await });
    }

    /// Stops a turn and keeps what was read of it. One that has ended stays as it is.
    pub(crate) async fn cancel(
        &self,
        user_id: i64,
        turn_id: i64,
        keep: Keep,
        now: DateTime<Utc>,
    ) -> Result<Outcome, Error> {
        let turns = self.clone();
        let task = self.tasks.spawn(async move {
            let live = turns.registry.get(user_id, turn_id);
            let told = live.as_ref().map(|live| {
                // First of all, so that the model says no more.
                live.stop.cancel();
                live.draft.told()
            });
            if live.is_none() {
                turns.wait_for_words(user_id, turn_id, keep).await?;
            }
            let lease = Lease::of(turns.owner, now);
            let ended = turns.store.cancel((user_id, turn_id), keep, told, lease, now).await?;
            if let Some(live) = live {
                let end = End::Stored(Box::new(ended.outcome.clone()));
                turns.registry.close(turn_id, live.claims, end);
            }
            turns.registry.wake(turn_id);
            if let Some(next) = ended.next {
                turns.start(next, None, Duration::ZERO).await;
            }
            Ok(ended.outcome)
        });
        task.await?
    }

    /// Gives another process, which may have told more than it has written down, the moment it needs
    /// for that.
    async fn wait_for_words(&self, user_id: i64, turn_id: i64, keep: Keep) -> Result<(), Error> {
        let Some(offset) = keep.offset else { return Ok(()) };
        for _ in 0..2 {
            let turn = self.look(user_id, turn_id).await?.turn;
            if turn.has_ended() || turn.partial.len() >= offset {
                break;
            }
            tokio::time::sleep(LOOK / 2).await;
        }
        Ok(())
    }

    /// Waits for the end of a turn.
    pub(crate) async fn outcome(&self, user_id: i64, turn_id: i64) -> Result<Outcome, Error> {
        loop {
            if let Some(live) = self.registry.get(user_id, turn_id) {
                let mut page = live.draft.read();
                let end = page.wait_for(|page| page.end.is_some()).await;
                match end.ok().and_then(|page| page.end.clone()) {
                    Some(End::Stored(outcome)) => return Ok(*outcome),
                    Some(End::Interrupted) => return Err(Error::Interrupted),
                    Some(End::Elsewhere) | None => {}
                }
            }
            let outcome = self.look(user_id, turn_id).await?;
            if outcome.turn.has_ended() {
                return Ok(outcome);
            }
            self.pause(&outcome.turn).await?;
        }
    }

    /// Tells a reply from `cursor` on.
    pub(crate) fn follow(&self, user_id: i64, turn_id: i64, cursor: Cursor) -> Follower {
        Follower::new(self.clone(), user_id, turn_id, cursor)
    }

    /// A turn as it is on disk, for somebody who waits for it. Whoever cannot look here any more may look elsewhere.
    async fn look(&self, user_id: i64, turn_id: i64) -> Result<Outcome, Error> {
        let looking = async {
            let _place = self.looks.acquire().await;
            self.store.outcome(user_id, turn_id).await
        };
        let looked = self.closed.run_until_cancelled(looking).await;
        looked.unwrap_or(Err(Error::Interrupted))
    }

    /// Waits before looking again at a turn that is not worked on here. Once turns are handed over, it is looked at
    /// once more: it may have ended just before.
    async fn pause(&self, turn: &Turn) -> Result<(), Error> {
        if self.closing.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let look = if turn.state == State::Queued { LOOK_AT_LINE } else { LOOK };
        tokio::select! {
            () = self.closing.cancelled() => {}
            () = self.registry.news_of(turn.id) => {}
            () = tokio::time::sleep(look) => {}
        }
        Ok(())
    }

    /// Lets turns end for as long as `patience`, then hands the rest over to whoever comes next.
    pub(crate) async fn retire(&self, patience: Duration) {
        self.leaving.cancel();
        if !self.tasks.drain(patience).await {
            tracing::warn!(
                "turns were still at work at the end of the drain; they are handed over"
            );
        }
        self.closing.cancel();
        for (turn_id, live) in self.registry.all() {
            self.registry.close(turn_id, live.claims, End::Interrupted);
        }
        self.hand_over().await;
    }

    /// Enters a turn that is ours. `None`: it came too late to be among those that were handed over, and is now.
    async fn enter(&self, turn: &Turn) -> Option<Live> {
        let live = self.registry.open(turn);
        if !self.closing.is_cancelled() {
            return Some(live);
        }
        self.registry.close(turn.id, live.claims, End::Interrupted);
        self.hand_over().await;
        None
    }

    /// Lets go of all turns that this process has.
    async fn hand_over(&self) {
        if let Err(error) = self.store.release(self.owner, clock::now()).await {
            tracing::warn!(%error, "turns could not be handed over at once");
        }
    }
}

/// The reply that a turn ended with, or why there is none.
pub(crate) fn reply(outcome: Outcome) -> Result<(Turn, Message), Error> {
    let Outcome { turn, reply, retry_after } = outcome;
    match (reply, turn.failure) {
        (Some(reply), _) => Ok((turn, reply)),
        (None, Some(Failure::ModelTimeout)) => Err(Error::ModelTimeout),
        (None, Some(Failure::GivenUp)) => Err(Error::GivenUp),
        (None, Some(Failure::ModelUnavailable)) => {
            Err(Error::ModelUnavailable { retry_after: retry_after.unwrap_or(RETRY_AFTER) })
        }
        (None, None) => Err(Error::Cancelled),
    }
}

#[cfg(test)]
mod tests;
