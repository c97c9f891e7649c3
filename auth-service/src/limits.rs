//! Limits on guessing: how often passwords may be tried, accounts registered, logins refreshed.
//!
//! Whoever tries is counted before anything is hashed, and alike whether or not the account exists. What
//! was used up is kept in memory, by each process for itself, and forgotten when it ends.

mod allowance;
mod origin;
mod target;

use std::time::Duration;

use governor::clock::{Clock, DefaultClock};

use self::allowance::Allowance;
use self::target::Digest;
use crate::config::Tries;
use crate::error::Error;

pub(crate) use origin::Origin;
pub(crate) use target::Target;

/// Until one more password may be tried from a network, for an account, for both.
const ADDRESS: Duration = Duration::from_secs(1);
const ACCOUNT: Duration = Duration::from_secs(10);
const PAIR: Duration = Duration::from_secs(6);
/// Until one more account may be registered from a network.
const REGISTRATION: Duration = Duration::from_secs(5);
/// Until one more access token is given to a login.
const REFRESH: Duration = Duration::from_secs(1);

/// What was tried lately, by whom.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    addresses: Allowance<Origin, C>,
    accounts: Allowance<Digest, C>,
    pairs: Allowance<(Digest, Origin), C>,
    registrations: Allowance<Origin, C>,
    refreshes: Allowance<String, C>,
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
        }
    }

    /// Counts a password that somebody tries from a network.
    ///
    /// The narrow limit comes first: whoever is stopped by it uses up nothing that others share.
    pub(crate) fn try_password(&self, target: &Target, origin: Origin) -> Result<(), Error> {
        self.pairs.take(&(target.digest, origin))?;
        self.addresses.take(&origin)
    }

    /// Counts a password that somebody tries for an account, from wherever.
    pub(crate) fn try_account(&self, target: &Target) -> Result<(), Error> {
        self.accounts.take(&target.digest)
    }

    /// Counts a registration.
    pub(crate) fn try_registration(&self, origin: Origin) -> Result<(), Error> {
        self.registrations.take(&origin)
    }

    /// Counts an access token that the holder of a login asks for.
    pub(crate) fn try_refresh(&self, sid: &str) -> Result<(), Error> {
        self.refreshes.take(&sid.to_owned())
    }
}

#[cfg(test)]
mod tests;
