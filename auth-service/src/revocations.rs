//! What was taken back, told to those who verify tokens: a log in memory of what the database has.
//!
//! Whoever takes something back waits until all who watch have confirmed it, or a second: when a
//! logout is answered, its tokens are good nowhere, even if this process dies right behind the answer.
//! Whoever has just lost their connection is waited for as well, and a service that stops lets nobody go
//! while something is being taken back.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::clock;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::store::{LONGEST_REVOCATION, Revocation, Store};

/// Between two looks at the database: other processes take things back too.
const LOOK: Duration = Duration::from_millis(500);
/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How long what was read counts as what is there: whoever watches is better told nothing than old news.
const FRESH: Duration = Duration::from_secs(6);
/// For those who watch to confirm.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long those who watched go on with what they were told, when they are told nothing any more.
const TRUST: Duration = Duration::from_secs(15);
/// How long a call that was on its way when the service was told to stop takes to begin.
const LINGER: Duration = Duration::from_millis(250);
/// What is told at once, at most: some 600 KB.
const PORTION: usize = 10_000;
/// How long after others a transaction may commit that has a lower number than theirs.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// What was taken back. Clones share it.
#[derive(Clone)]
pub(crate) struct Feed {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    log: Mutex<Log>,
    /// The log's position, for those who wait for more.
    position: watch::Sender<u64>,
    /// Rises with each confirmation, for those who wait for them.
    confirmations: watch::Sender<u64>,
    /// Acts that are under way.
    acts: watch::Sender<usize>,
}

struct Log {
    entries: Vec<(u64, Revocation)>,
    /// Of the last entry, or of the last change of the keys.
    position: u64,
    /// Of the last change of the keys.
    keys: u64,
    /// When the database was read last.
    read_at: Instant,
    watchers: HashMap<u64, Watching>,
    next_watcher: u64,
    /// When somebody stopped watching who goes on with what they were told, and will be back.
    departures: Vec<Instant>,
}

struct Watching {
    /// Whether they were told all there was once, and go on with that for a while.
    is_informed: bool,
    confirmed: u64,
    /// False for one that did not confirm in time: nobody waits for it again until it does.
    is_prompt: bool,
}

/// What somebody who watches is told.
pub(crate) struct News {
    pub(crate) position: u64,
    /// Whether this is not all, and the rest follows.
    pub(crate) has_more: bool,
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) has_keys: bool,
    /// How long ago it was all there is.
    pub(crate) age: Duration,
}

/// Something is being taken back: those who watch are kept, also by a service that stops, until they
/// know of it.
pub(crate) struct Act {
    feed: Feed,
}

impl Act {
    /// Tells what was taken back, and waits until everybody knows, or for a second.
    pub(crate) async fn publish(self, now: DateTime<Utc>) {
        self.feed.publish(now).await;
    }
}

impl Drop for Act {
    fn drop(&mut self) {
        self.feed.shared.acts.send_modify(|acts| *acts -= 1);
    }
}

impl Feed {
    /// Reads what is there.
    pub(crate) async fn open(store: Store, now: DateTime<Utc>) -> Result<Self, Error> {
        let log = Log {
            entries: Vec::new(),
            position: 1,
            keys: 1,
            read_at: Instant::now(),
            watchers: HashMap::new(),
            next_watcher: 0,
            departures: Vec::new(),
        };
        let shared = Shared {
            store,
            log: Mutex::new(log),
            position: watch::Sender::new(1),
            confirmations: watch::Sender::new(0),
            acts: watch::Sender::new(0),
        };
        let feed = Self { shared: Arc::new(shared) };
        feed.take_in(now).await?;
        Ok(feed)
    }

    /// Begins to take something back.
    pub(crate) fn act(&self) -> Act {
        self.shared.acts.send_modify(|acts| *acts += 1);
        Act { feed: self.clone() }
    }

    async fn publish(&self, now: DateTime<Utc>) {
        let deadline = Instant::now() + PATIENCE;
        let Ok(position) = timeout_at(deadline, self.take_in_at_last(now)).await else {
            tracing::warn!("what was taken back is told once it can be read");
            return;
        };
        let mut confirmations = self.shared.confirmations.subscribe();
        let confirmed = async {
            while !self.log().is_confirmed(position) {
                // The sender lives as long as `self`, so waiting cannot fail.
                let _alive = confirmations.changed().await;
            }
        };
        if timeout_at(deadline, confirmed).await.is_err() {
            tracing::warn!("not every service has confirmed in time what was taken back");
            self.log().give_up_on_the_slow(position);
        }
    }

    /// As [`Feed::take_in`], again and again until it works.
    async fn take_in_at_last(&self, now: DateTime<Utc>) -> u64 {
        loop {
            match self.take_in(now).await {
                Ok(position) => return position,
                Err(error) => tracing::error!(%error, "what was taken back cannot be read"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns when those who watch may be let go: after `stop`, when nothing is taken back any more.
    pub(crate) async fn rest(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        let mut acts = self.shared.acts.subscribe();
        loop {
            // The sender lives as long as `self`, so waiting cannot fail.
            drop(acts.wait_for(|acts| *acts == 0).await);
            if tokio::time::timeout(LINGER, acts.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Tells that there are other keys.
    fn keys_changed(&self) {
        let mut log = self.log();
        log.position += 1;
        log.keys = log.position;
        self.shared.position.send_replace(log.position);
    }

    /// Looks again and again at what other processes took back, and tells when there are other keys,
    /// until `stop`. `keys` changes with them.
    pub(crate) async fn follow(&self, mut keys: watch::Receiver<u64>, stop: CancellationToken) {
        let mut is_well = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Ok(()) = keys.changed() => {
                    self.keys_changed();
                    continue;
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            let outcome = self.take_in(clock::now()).await;
            if let Err(error) = &outcome
                && is_well
            {
                tracing::error!(%error, "what is taken back cannot be read; those who watch are told nothing");
            }
            is_well = outcome.is_ok();
        }
    }

    /// Somebody who wants to be told everything from now on, beginning with what there is.
    pub(crate) async fn watch(&self, now: DateTime<Utc>) -> Result<Watcher, Error> {
        // Another process may just have answered for something that was taken back there.
        self.take_in(now).await?;
        let mut log = self.log();
        let id = log.next_watcher;
        log.next_watcher += 1;
        log.watchers.insert(id, Watching { is_informed: false, confirmed: 0, is_prompt: true });
        log.departures.pop();
        let more = self.shared.position.subscribe();
        Ok(Watcher { feed: self.clone(), id, told: None, more })
    }

    /// Reads what is new in the database. Returns the position behind it.
    async fn take_in(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let started = Instant::now();
        let floor = self.log().floor(now);
        let found = self.shared.store.revocations_after(floor, now).await?;
        let mut log = self.log();
        log.read_at = log.read_at.max(started);
        log.append(found, now);
        self.shared.position.send_if_modified(|position| {
            let is_new = *position < log.position;
            *position = log.position;
            is_new
        });
        Ok(log.position)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Everything up to this number was read so long ago that nothing lower can come any more.
    fn floor(&self, now: DateTime<Utc>) -> i64 {
        let settled = now + LONGEST_REVOCATION - OVERLAP;
        let old = self.entries.iter().filter(|(_, entry)| entry.until <= settled);
        old.map(|(_, entry)| entry.seq).max().unwrap_or_default()
    }

    fn append(&mut self, found: Vec<Revocation>, now: DateTime<Utc>) {
        self.entries.retain(|(_, entry)| entry.until > now);
        let known: HashSet<_> = self.entries.iter().map(|(_, entry)| entry.seq).collect();
        for entry in found.into_iter().filter(|entry| !known.contains(&entry.seq)) {
            self.position += 1;
            self.entries.push((self.position, entry));
        }
    }

    fn is_confirmed(&self, position: u64) -> bool {
        let trusts_nobody = |left_at: &Instant| left_at.elapsed() > TRUST;
        let knows = |one: &Watching| !one.is_prompt || one.confirmed >= position;
        self.departures.iter().all(trusts_nobody) && self.watchers.values().all(knows)
    }

    fn give_up_on_the_slow(&mut self, position: u64) {
        for watcher in self.watchers.values_mut() {
            watcher.is_prompt &= watcher.confirmed >= position;
        }
        self.departures.clear();
    }
}

/// Somebody who is told everything.
pub(crate) struct Watcher {
    feed: Feed,
    id: u64,
    /// Up to where they were told; `None`: nothing yet.
    told: Option<u64>,
    more: watch::Receiver<u64>,
}

impl Watcher {
    /// What is new, as soon as there is something; nothing new now and then, as a sign of life.
    pub(crate) async fn next(&mut self) -> News {
        loop {
            self.more.mark_unchanged();
            if let Some(news) = self.news(false) {
                return news;
            }
            let pause = tokio::time::timeout(HEARTBEAT, self.more.changed());
            if pause.await.is_err()
                && let Some(news) = self.news(true)
            {
                return news;
            }
        }
    }

    fn news(&mut self, is_due: bool) -> Option<News> {
        let mut log = self.feed.log();
        let (told, age) = (self.told.unwrap_or_default(), log.read_at.elapsed());
        if age > FRESH || (log.position == told && !is_due) {
            return None;
        }
        let mut fresh = log.entries.iter().filter(|(position, _)| *position > told);
        let portion: Vec<_> = fresh.by_ref().take(PORTION).collect();
        let has_more = fresh.next().is_some();
        let last = portion.last().filter(|_| has_more).map(|(position, _)| *position);
        let news = News {
            position: last.unwrap_or(log.position),
            has_more,
            revocations: portion.into_iter().map(|(_, entry)| entry.clone()).collect(),
            has_keys: log.keys > told,
            age,
        };
        self.told = Some(news.position);
        if let Some(watching) = log.watchers.get_mut(&self.id) {
            watching.is_informed |= !has_more;
        }
        Some(news)
    }

    /// Takes down that everything up to `position` was taken over.
    pub(crate) fn confirm(&self, position: u64) {
        let mut log = self.feed.log();
        let latest = log.position;
        if let Some(watcher) = log.watchers.get_mut(&self.id) {
            watcher.confirmed = watcher.confirmed.max(position.min(latest));
            watcher.is_prompt = true;
        }
        drop(log);
        self.feed.shared.confirmations.send_modify(|count| *count += 1);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut log = self.feed.log();
        let gone = log.watchers.remove(&self.id);
        log.departures.retain(|departure| departure.elapsed() <= TRUST);
        if gone.is_some_and(|watching| watching.is_prompt && watching.is_informed) {
            log.departures.push(Instant::now());
        }
        drop(log);
        self.feed.shared.confirmations.send_modify(|count| *count += 1);
    }
}
