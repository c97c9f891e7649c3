//! The journal: what is at work is written down a few times a second, kept ours, and picked up again
//! where somebody died over it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chassis::clock;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Turns;
use super::registry::Live;
use crate::draft::End;
use crate::error::Error;
use crate::store::{Lease, Progress, Turn};

/// Between two looks at what was said since. With the time a commit takes, less than a quarter of a
/// second of words is lost when the process dies.
const SAVE: Duration = Duration::from_millis(150);
/// Between two renewals of what is ours, which is also how soon a stop from elsewhere is noticed.
const RENEW: Duration = Duration::from_secs(1);
/// Replies written down in one go: others wait for the writer too.
const AT_ONCE: usize = 64;
/// Between two looks for turns that nobody answers.
const SWEEP: Duration = Duration::from_secs(1);
/// Turns picked up at once.
const MOST: usize = 64;

impl Turns {
    /// Writes down how far replies have come, until `stop`.
    pub(crate) async fn keep_journal(&self, stop: CancellationToken) {
        let mut ticks = interval(SAVE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            // Leases first: after a long sleep they are what others look at.
            if renewed.elapsed() >= RENEW {
                renewed = Instant::now();
                self.renew().await;
            }
            self.save().await;
        }
    }

    /// Picks up turns that nobody answers, until `stop`. The first look is at once: that is the
    /// recovery after a crash.
    pub(crate) async fn sweep(&self, stop: CancellationToken) {
        let mut ticks = interval(SWEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            match self.adopt().await {
                Ok(turns) => {
                    for turn in turns {
                        tracing::info!(turn.id = turn.id, "a turn is picked up again");
                        self.start(turn, None, Duration::ZERO).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "turns could not be looked for"),
            }
        }
    }

    async fn adopt(&self) -> Result<Vec<Turn>, Error> {
        let most = self.places.available_permits().min(MOST) as u64;
        let now = clock::now();
        let mut orphans = self.store.orphans(most, now).await?;
        // After a long sleep our own leases have run out as well; they are about to be renewed.
        orphans.retain(|turn| self.registry.get(turn.user_id, turn.id).is_none());
        if orphans.is_empty() {
            return Ok(orphans);
        }
        self.store.adopt(orphans, Lease::of(self.owner, now)).await
    }

    async fn save(&self) {
        let lives: HashMap<i64, Live> = self.registry.all().into_iter().collect();
        let mut made = lives.iter().filter_map(|(turn_id, live)| {
            let (attempt, text) = live.draft.take_progress()?;
            Some(Progress { turn_id: *turn_id, claims: live.claims, attempt, text })
        });
        loop {
            let some: Vec<_> = made.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return;
            }
            let ids: Vec<_> = some.iter().map(|progress| progress.turn_id).collect();
            match self.store.save_progress(some).await {
                Ok(lost) => lost.into_iter().for_each(|(id, claims)| self.lose(id, claims)),
                Err(error) => {
                    tracing::warn!(%error, "replies in the making could not be written down");
                    let unsaved = ids.iter().filter_map(|id| lives.get(id));
                    unsaved.for_each(|live| live.draft.keep_progress());
                }
            }
        }
    }

    async fn renew(&self) {
        let ours = self.registry.all();
        if ours.is_empty() {
            return;
        }
        let lease = Lease::of(self.owner, clock::now());
        match self.store.renew(ours.iter().map(|(id, _)| *id).collect(), lease).await {
            Ok(kept) => {
                let kept: HashSet<_> = kept.into_iter().collect();
                for (id, live) in ours.into_iter().filter(|(id, _)| !kept.contains(id)) {
                    self.lose(id, live.claims);
                }
            }
            Err(error) => tracing::warn!(%error, "leases could not be renewed"),
        }
    }

    /// A turn is not ours any more: it was stopped, deleted or claimed from elsewhere.
    fn lose(&self, turn_id: i64, claims: i32) {
        self.registry.close(turn_id, claims, End::Elsewhere);
    }
}
