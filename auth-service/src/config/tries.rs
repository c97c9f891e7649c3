//! How many tries there are, for whom.

use chassis::settings::Settings;

/// How many tries are free at once; each comes back after a while. 0: as many as anybody likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// Passwords tried from one network; one comes back each second.
    pub per_address: u32,
    /// Passwords tried for one account, from wherever; one comes back every ten seconds.
    pub per_account: u32,
    /// Passwords tried for one account from one network; one comes back every six seconds.
    pub per_pair: u32,
    /// Accounts registered from one network; one comes back every five seconds.
    pub registrations_per_address: u32,
    /// Access tokens for one login; one comes back each second.
    pub refreshes_per_login: u32,
}

impl Tries {
    /// As many as anybody likes.
    pub const UNLIMITED: Self = Self {
        per_address: 0,
        per_account: 0,
        per_pair: 0,
        registrations_per_address: 0,
        refreshes_per_login: 0,
    };

    /// Reads the settings. `None`: `settings` knows what is wrong.
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let usual = Self::default();
        let mut read = |name: &str, usual: u32, what: &str| {
            let help = format!("{what}, 0 for no limit");
            let tries = settings.number(name, usual.into(), 0..=1_000_000, &help)?;
            u32::try_from(tries).ok()
        };
        let address = "passwords tried from one network at once; 1 more each second";
        let per_address = read("AUTH_TRIES_PER_ADDRESS", usual.per_address, address);
        let account = "passwords tried for one account at once; 1 more every 10 seconds";
        let per_account = read("AUTH_TRIES_PER_ACCOUNT", usual.per_account, account);
        let pair =
            "passwords tried for one account from one network at once; 1 more every 6 seconds";
        let per_pair = read("AUTH_TRIES_PER_PAIR", usual.per_pair, pair);
        let new = "accounts registered from one network at once; 1 more every 5 seconds";
        let registrations =
            read("AUTH_REGISTRATIONS_PER_ADDRESS", usual.registrations_per_address, new);
        let login = "times one login is refreshed at once; 1 more each second";
        let refreshes = read("AUTH_REFRESHES_PER_LOGIN", usual.refreshes_per_login, login);
        Some(Self {
            per_address: per_address?,
            per_account: per_account?,
            per_pair: per_pair?,
            registrations_per_address: registrations?,
            refreshes_per_login: refreshes?,
        })
    }
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            per_address: 120,
            per_account: 60,
            per_pair: 10,
            registrations_per_address: 60,
            refreshes_per_login: 60,
        }
    }
}
