//! Where commands find what they work on.

use std::path::PathBuf;

use chassis::settings::Settings;
use database::Url;

/// Where a program keeps accounts and keys, as its settings have it. `None` everywhere: the settings
/// know what is wrong.
pub trait Place {
    /// The address of the database of accounts.
    fn accounts(settings: &mut Settings) -> Option<String>;

    /// That one, and the folder of the keys.
    fn accounts_and_keys(settings: &mut Settings) -> Option<(String, PathBuf)>;
}

/// The auth service's: a setting for each.
#[derive(Debug)]
pub enum OwnSettings {}

impl Place for OwnSettings {
    fn accounts(settings: &mut Settings) -> Option<String> {
        let help = "database of accounts, sqlite:PATH";
        settings.required::<Url>("AUTH_DATABASE_URL", help).map(|url| url.0)
    }

    fn accounts_and_keys(settings: &mut Settings) -> Option<(String, PathBuf)> {
        let accounts = Self::accounts(settings);
        let keys = settings.required("AUTH_KEYS_DIR", "folder of the signing keys");
        Some((accounts?, keys?))
    }
}
