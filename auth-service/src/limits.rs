//! Limits on guessing: how often passwords may be tried, accounts registered, logins refreshed.
//!
//! Whoever tries is counted before anything is looked up or hashed, and alike whether or not the account
//! exists. Everything is kept in memory, by each process for itself, and forgotten when it ends.

mod allowance;
mod known;
mod origin;

use std::time::Duration;

use chrono::{DateTime, Utc};
use governor::clock::{Clock, DefaultClock};
use ring::digest::{SHA256, digest};

use self::allowance::Allowance;
use self::known::Known;
use crate::config::Tries;
use crate::error::Error;
use crate::usernames::Username;

pub(crate) use origin::Origin;

/// Until one more password may be tried from a network, for an account, for both.
const ADDRESS: Duration = Duration::from_secs(1);
const ACCOUNT: Duration = Duration::from_secs(10);
const PAIR: Duration = Duration::from_secs(6);
/// Until one more account may be registered from a network.
const REGISTRATION: Duration = Duration::from_secs(5);
/// Until one more access token is given to a login.
const REFRESH: Duration = Duration::from_secs(1);

/// An account, by what its name comes down to: there or not, spelled this way or that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Target([u8; 32]);

impl Target {
    fn of(username: &str) -> Self {
        let name = Username::look_up(username);
        // No account can have it, but whoever tries it should not be able to tell.
        let key = name.as_ref().map_or(username, |name| &name.key);
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
        Self(hash)
    }
}

/// What was tried lately, by whom.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    addresses: Allowance<Origin, C>,
    accounts: Allowance<Target, C>,
    pairs: Allowance<(Target, Origin), C>,
    registrations: Allowance<Origin, C>,
    refreshes: Allowance<String, C>,
    known: Known,
}

impl Limits {
    pub(crate) fn new(tries: Tries) -> Self {
        Self::with_clock(tries, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(tries: Tries, clock: &C) -> Self {
        Self {
            addresses: Allowance::new("address", tries.per_address, ADDRESS, clock),
            accounts: Allowance::new("account", tries.per_account, ACCOUNT, clock),
            pairs: Allowance::new("pair", tries.per_pair, PAIR, clock),
            registrations: Allowance::new(
                "registrations",
                tries.registrations_per_address,
                REGISTRATION,
                clock,
            ),
            refreshes: Allowance::new("refreshes", tries.refreshes_per_login, REFRESH, clock),
            known: Known::default(),
        }
    }

    /// Counts a password that somebody tries for an account.
    ///
    /// The narrowest limit comes first: whoever is stopped by it uses up nothing that others share.
    pub(crate) fn try_password(
        &self,
        username: &str,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let target = Target::of(username);
        self.pairs.take(&(target, origin))?;
        self.addresses.take(&origin)?;
        self.try_account(target, origin, now)
    }

    /// Counts a password that comes with a request id and was counted as a registration already.
    pub(crate) fn try_replay(
        &self,
        username: &str,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.try_account(Target::of(username), origin, now)
    }

    /// Counts a registration.
    pub(crate) fn try_registration(&self, origin: Origin) -> Result<(), Error> {
        self.registrations.take(&origin)
    }

    /// Counts an access token that the holder of a login asks for.
    pub(crate) fn try_refresh(&self, sid: &str) -> Result<(), Error> {
        self.refreshes.take(&sid.to_owned())
    }

    /// Remembers that the password of an account was proven from there.
    pub(crate) fn remember(&self, username: &str, origin: Origin, now: DateTime<Utc>) {
        self.known.remember(Target::of(username), origin, now);
    }

    /// Others who guess must not lock the owner out: where the password was proven lately, the limit of
    /// the account as a whole does not count.
    fn try_account(&self, target: Target, origin: Origin, now: DateTime<Utc>) -> Result<(), Error> {
        if self.known.knows(target, origin, now) {
            return Ok(());
        }
        self.accounts.take(&target)
    }
}

#[cfg(test)]
mod tests;
