//! The ring of keys: which there are, what each is there for, and since when.
//!
//! Pure: no file and no clock. A key is `next` (verifiers know it, nothing is signed with it), then
//! `active` (it signs), then `retired` (what it has signed is still good), and then gone. Of each kind
//! there is always exactly one that signs and one that will.

mod chain;
mod entry;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashSet;

use chain::{Chain, Dated};

pub(crate) use entry::{Entry, Kind, State};

/// How old a key must be before it signs, in seconds: twice the five minutes after which the slowest
/// verifier has asked for it.
const KNOWN_AFTER: u64 = 10 * 60;
/// The longest name of a key.
const LONGEST_NAME: usize = 64;

/// All keys, by what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ring {
    access: Chain,
    refresh: Chain,
}

/// Why entries are no ring.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("one of its keys has a name that no key can have")]
    Name,
    #[error("it names the key {0} twice")]
    Twice(String),
    #[error("it names no {state} {kind} key")]
    Missing { kind: Kind, state: State },
    #[error("it names more than one {state} {kind} key")]
    Several { kind: Kind, state: State },
}

/// Why a ring stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the next {kind} key is too young, not everybody who verifies tokens may know it yet: wait \
         {wait} s, or say --now"
    )]
    Young { kind: Kind, wait: u64 },
    #[error("there is no key of this name: `keys list` tells all of them")]
    Unknown,
}

impl Ring {
    /// The first ring: for each kind the names of the key that signs and of the next one.
    pub(crate) fn new(access: [String; 2], refresh: [String; 2], now: u64) -> Self {
        Self { access: Chain::new(access, now), refresh: Chain::new(refresh, now) }
    }

    /// The ring of what was written down, in whatever order.
    pub(crate) fn of(entries: &[Entry]) -> Result<Self, Fault> {
        let mut names = HashSet::new();
        for Entry { kid, .. } in entries {
            if !is_name(kid) {
                return Err(Fault::Name);
            }
            if !names.insert(kid) {
                return Err(Fault::Twice(kid.clone()));
            }
        }
        let only = |kind, state| {
            let mut those = entries.iter().filter(|key| key.kind == kind && key.state == state);
            match (those.next(), those.next()) {
                (Some(key), None) => Ok(Dated::of(key)),
                (None, _) => Err(Fault::Missing { kind, state }),
                (Some(_), Some(_)) => Err(Fault::Several { kind, state }),
            }
        };
        let chain = |kind| {
            let retired = |key: &&Entry| key.kind == kind && key.state == State::Retired;
            let mut retired: Vec<_> = entries.iter().filter(retired).map(Dated::of).collect();
            retired.sort_by_key(|key| Reverse(key.since));
            let (active, next) = (only(kind, State::Active)?, only(kind, State::Next)?);
            Ok(Chain { active, next, retired })
        };
        Ok(Self { access: chain(Kind::Access)?, refresh: chain(Kind::Refresh)? })
    }

    /// All keys: of each kind first the one that signs, then the next, then the retired ones, the
    /// latest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let all = Kind::ALL.into_iter().flat_map(|kind| {
            let keys = self.chain(kind).keys();
            keys.map(move |(state, key)| key.entry(kind, state))
        });
        all.collect()
    }

    /// The name of the key that signs.
    pub(crate) fn active(&self, kind: Kind) -> &str {
        &self.chain(kind).active.kid
    }

    /// The names of the keys that only verify.
    pub(crate) fn others(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.chain(kind).keys().skip(1).map(|(_, key)| key.kid.as_str())
    }

    /// Of which kind the key of this name is.
    pub(crate) fn kind_of(&self, kid: &str) -> Result<Kind, Refusal> {
        let mut kinds = Kind::ALL.into_iter();
        let holds = |kind: &Kind| self.chain(*kind).keys().any(|(_, key)| key.kid == kid);
        kinds.find(holds).ok_or(Refusal::Unknown)
    }

    /// The next key signs from now on, the one that did retires, and `fresh` is the next. Not while
    /// some may not know the next key yet, unless it must be `at_once`.
    pub(crate) fn rotate(
        &mut self,
        kind: Kind,
        fresh: String,
        now: u64,
        at_once: bool,
    ) -> Result<(), Refusal> {
        let age = now.saturating_sub(self.chain(kind).next.since);
        if age < KNOWN_AFTER && !at_once {
            return Err(Refusal::Young { kind, wait: KNOWN_AFTER - age });
        }
        self.chain_mut(kind).rotate(fresh, now);
        Ok(())
    }

    /// Nothing that this key has signed is good any more. If it was the one that signs, the next one
    /// does from now on, however young. `fresh` is the next key, if one is missing.
    pub(crate) fn revoke(&mut self, kid: &str, fresh: String, now: u64) -> Result<(), Refusal> {
        self.chain_mut(self.kind_of(kid)?).revoke(kid, fresh, now);
        Ok(())
    }

    /// Whether a key has been retired for so long that everything it signed is over.
    pub(crate) fn has_expired(&self, now: u64) -> bool {
        Kind::ALL.into_iter().any(|kind| self.chain(kind).has_expired(kind.patience(), now))
    }

    /// Lets go of such keys.
    pub(crate) fn expire(&mut self, now: u64) {
        for kind in Kind::ALL {
            self.chain_mut(kind).expire(kind.patience(), now);
        }
    }

    fn chain(&self, kind: Kind) -> &Chain {
        match kind {
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        }
    }

    fn chain_mut(&mut self, kind: Kind) -> &mut Chain {
        match kind {
            Kind::Access => &mut self.access,
            Kind::Refresh => &mut self.refresh,
        }
    }
}

/// Names become parts of file names: letters, digits, `-` and `_`, as in base64url.
fn is_name(kid: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_NAME).contains(&kid.len()) && kid.bytes().all(is_fit)
}
