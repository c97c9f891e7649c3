//! The turns that this process answers right now.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::draft::{Draft, End};
use crate::store::{Told, Turn};

/// Bells of waiting people, above which those that nobody listens to are thrown away.
const MOST_BELLS: usize = 1_024;

/// A turn that this process answers.
#[derive(Clone)]
pub(crate) struct Live {
    /// Whose it is.
    pub(crate) user_id: i64,
    /// Which claim on it is ours.
    pub(crate) claims: i32,
    pub(crate) draft: Arc<Draft>,
    /// Cancelled when the work on it is to end, whatever for.
    pub(crate) stop: CancellationToken,
}

impl Live {
    /// Tells readers that nothing more comes from here, and ends the work.
    pub(crate) fn end(&self, end: End) {
        self.draft.end(end);
        self.stop.cancel();
    }
}

/// The turns that this process answers right now, by id. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    turns: Arc<Mutex<HashMap<i64, Live>>>,
    /// Who waits for a turn that is not worked on yet.
    waiting: Arc<Mutex<HashMap<i64, Weak<Notify>>>>,
}

impl Registry {
    /// Enters a turn.
    pub(crate) fn open(&self, turn: &Turn) -> Live {
        let live = Live {
            user_id: turn.user_id,
            claims: turn.claims,
            draft: Arc::new(Draft::new(turn.attempt)),
            stop: CancellationToken::new(),
        };
        if let Some(before) = lock(&self.turns).insert(turn.id, live.clone()) {
            before.end(End::Elsewhere);
        }
        self.wake(turn.id);
        live
    }

    /// A turn of this person.
    pub(crate) fn get(&self, user_id: i64, turn_id: i64) -> Option<Live> {
        lock(&self.turns).get(&turn_id).filter(|live| live.user_id == user_id).cloned()
    }

    /// Strikes a turn off and ends the work on it, unless it was claimed anew meanwhile.
    pub(crate) fn close(&self, turn_id: i64, claims: i32, end: End) {
        let mut turns = lock(&self.turns);
        if turns.get(&turn_id).is_some_and(|live| live.claims == claims)
            && let Some(live) = turns.remove(&turn_id)
        {
            drop(turns);
            live.end(end);
        }
    }

    /// What those of one person have said so far.
    pub(crate) fn told(&self, user_id: i64) -> HashMap<i64, Told> {
        let turns = lock(&self.turns);
        let theirs = turns.iter().filter(|(_, live)| live.user_id == user_id);
        theirs.map(|(id, live)| (*id, live.draft.told())).collect()
    }

    /// Those of one person.
    pub(crate) fn of(&self, user_id: i64) -> Vec<i64> {
        let turns = lock(&self.turns);
        turns.iter().filter(|(_, live)| live.user_id == user_id).map(|(id, _)| *id).collect()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(i64, Live)> {
        lock(&self.turns).iter().map(|(id, live)| (*id, live.clone())).collect()
    }

    /// Returns when a turn is entered, or something else has become of it.
    pub(crate) async fn news_of(&self, turn_id: i64) {
        let bell = {
            let mut waiting = lock(&self.waiting);
            let bell = waiting.get(&turn_id).and_then(Weak::upgrade).unwrap_or_default();
            waiting.insert(turn_id, Arc::downgrade(&bell));
            bell
        };
        let mut rung = pin!(bell.notified());
        rung.as_mut().enable();
        if !lock(&self.turns).contains_key(&turn_id) {
            rung.await;
        }
    }

    /// Has those who wait for a turn look again.
    pub(crate) fn wake(&self, turn_id: i64) {
        let mut waiting = lock(&self.waiting);
        if let Some(bell) = waiting.remove(&turn_id).and_then(|bell| bell.upgrade()) {
            bell.notify_waiters();
        }
        // Those who gave up waiting left their bells behind.
        if waiting.len() > MOST_BELLS {
            waiting.retain(|_, bell| bell.strong_count() > 0);
        }
    }
}

/// Whoever panicked with a lock in hand left whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
