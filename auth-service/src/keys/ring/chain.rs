//! The keys of one kind, each after the other.

use super::{Entry, Kind, State};

/// A key, and since when it does what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) kid: String,
    pub(super) since: u64,
}

/// The keys of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) active: Dated,
    pub(super) next: Dated,
    /// The latest first.
    pub(super) retired: Vec<Dated>,
}

impl Dated {
    pub(super) fn of(entry: &Entry) -> Self {
        Self { kid: entry.kid.clone(), since: entry.since }
    }

    pub(super) fn entry(&self, kind: Kind, state: State) -> Entry {
        Entry { kind, kid: self.kid.clone(), state, since: self.since }
    }
}

impl Chain {
    pub(super) fn new([active, next]: [String; 2], now: u64) -> Self {
        let [active, next] = [active, next].map(|kid| Dated { kid, since: now });
        Self { active, next, retired: Vec::new() }
    }

    /// The active key, the next one, and the retired ones.
    pub(super) fn keys(&self) -> impl Iterator<Item = (State, &Dated)> {
        let retired = self.retired.iter().map(|key| (State::Retired, key));
        [(State::Active, &self.active), (State::Next, &self.next)].into_iter().chain(retired)
    }

    pub(super) fn rotate(&mut self, fresh: String, now: u64) {
        let mut old = self.promote(fresh, now);
        old.since = now;
        self.retired.insert(0, old);
    }

    pub(super) fn revoke(&mut self, kid: &str, fresh: String, now: u64) {
        if self.active.kid == kid {
            self.promote(fresh, now);
        } else if self.next.kid == kid {
            self.next = Dated { kid: fresh, since: now };
        } else {
            self.retired.retain(|key| key.kid != kid);
        }
    }

    pub(super) fn has_expired(&self, patience: u64, now: u64) -> bool {
        self.retired.iter().any(|key| is_over(key, patience, now))
    }

    pub(super) fn expire(&mut self, patience: u64, now: u64) {
        self.retired.retain(|key| !is_over(key, patience, now));
    }

    /// The next key becomes the active one, `fresh` the next; returns the one that was active.
    fn promote(&mut self, fresh: String, now: u64) -> Dated {
        let next = std::mem::replace(&mut self.next, Dated { kid: fresh, since: now });
        std::mem::replace(&mut self.active, Dated { since: now, ..next })
    }
}

fn is_over(key: &Dated, patience: u64, now: u64) -> bool {
    now >= key.since.saturating_add(patience)
}
