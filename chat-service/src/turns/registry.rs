//! The turns that this process answers right now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::draft::{Draft, End};
use crate::store::Turn;

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
    opened: Arc<Notify>,
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
        if let Some(before) = self.lock().insert(turn.id, live.clone()) {
            before.end(End::Elsewhere);
        }
        self.opened.notify_waiters();
        live
    }

    /// A turn of this person.
    pub(crate) fn get(&self, user_id: i64, turn_id: i64) -> Option<Live> {
        self.lock().get(&turn_id).filter(|live| live.user_id == user_id).cloned()
    }

    /// Strikes a turn off and ends the work on it, unless it was claimed anew meanwhile.
    pub(crate) fn close(&self, turn_id: i64, claims: i32, end: End) {
        let mut turns = self.lock();
        if turns.get(&turn_id).is_some_and(|live| live.claims == claims)
            && let Some(live) = turns.remove(&turn_id)
        {
            live.end(end);
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(i64, Live)> {
        self.lock().iter().map(|(id, live)| (*id, live.clone())).collect()
    }

    /// Returns when a turn was entered.
    pub(crate) async fn opened(&self) {
        self.opened.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Live>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
