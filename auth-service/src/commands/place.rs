//! Where commands find what they work on.

use std::path::PathBuf;

use chassis::settings::Settings;
use database::Url;

use crate::config::Config;

/// Where a program keeps accounts and keys, as its settings have it. `None` everywhere: the settings
/// know what is wrong.
pub trait Place {
    /// The address of the database of accounts.
    fn accounts(settings: &mut Settings) -> Option<Url>;

    /// That one, and the folder of the keys.
    fn accounts_and_keys(settings: &mut Settings) -> Option<(Url, PathBuf)>;
}

/// The auth service's: a setting for each.
#[derive(Debug)]
pub enum OwnSettings {}

impl Place for OwnSettings {
    fn accounts(settings: &mut Settings) -> Option<Url> {
        Url::read(settings, Config::DATABASE, "accounts")
    }

    fn accounts_and_keys(settings: &mut Settings) -> Option<(Url, PathBuf)> {
        let accounts = Self::accounts(settings);
        let keys = settings.required("AUTH_KEYS_DIR", "folder of the signing keys");
        Some((accounts?, keys?))
    }
}
