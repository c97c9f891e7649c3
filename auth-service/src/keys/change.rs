//! A change of the ring, and the keys that are made for it.

use super::key::Key;
use super::ring::{Kind, Ring};

/// A change that is being made. Nothing of it is on disk before it is whole.
pub(crate) struct Change {
    pub(super) ring: Ring,
    fresh: Vec<Key>,
    now: u64,
}

impl Change {
    /// Makes the first ring.
    pub(super) fn first(now: u64) -> Result<Self, token::Error> {
        let mut fresh = Vec::new();
        let mut make = |kind| {
            let key = Key::generate(kind)?;
            let kid = key.kid().to_owned();
            fresh.push(key);
            Ok(kid)
        };
        let access = [make(Kind::Access)?, make(Kind::Access)?];
        let refresh = [make(Kind::Refresh)?, make(Kind::Refresh)?];
        Ok(Self { ring: Ring::new(access, refresh, now), fresh, now })
    }

    /// Begins with what there is, without the keys whose time is over.
    pub(super) fn of(ring: &Ring, now: u64) -> Self {
        let mut ring = ring.clone();
        ring.expire(now);
        Self { ring, fresh: Vec::new(), now }
    }

    /// As [`Ring::rotate`].
    pub(crate) fn rotate(&mut self, kind: Kind, at_once: bool) -> anyhow::Result<()> {
        let fresh = self.make(kind)?;
        Ok(self.ring.rotate(kind, fresh, self.now, at_once)?)
    }

    /// As [`Ring::revoke`].
    pub(crate) fn revoke(&mut self, kid: &str) -> anyhow::Result<()> {
        let fresh = self.make(self.ring.kind_of(kid)?)?;
        Ok(self.ring.revoke(kid, fresh, self.now)?)
    }

    /// The keys that were made and are needed.
    pub(super) fn fresh(&self) -> impl Iterator<Item = &Key> {
        self.fresh.iter().filter(|key| self.ring.kind_of(key.kid()).is_ok())
    }

    fn make(&mut self, kind: Kind) -> Result<String, token::Error> {
        let key = Key::generate(kind)?;
        let name = key.kid().to_owned();
        self.fresh.push(key);
        Ok(name)
    }
}
