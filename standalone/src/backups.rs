//! Backups: folders that hold a copy of everything, and the way back from one.
//!
//! Whatever has the name of a backup is whole, and so is whatever a start finds in the data folder: both are
//! made beside their place, put on disk, and moved there.

mod copying;
mod making;
mod manifest;
mod restoring;
mod switching;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chassis::clock;
use database::Url;

pub(crate) use making::make;
pub(crate) use restoring::restore;
pub(crate) use switching::{check, finish};

/// What a database of conversations is called, here and in the data folder.
pub(crate) const CHAT: &str = "chat.db";
/// The same of accounts.
pub(crate) const AUTH: &str = "auth.db";
/// The folder of keys.
pub(crate) const KEYS: &str = "keys";
/// In the data folder: who was deleted, as far as that is known from before a restore and no account tells it.
const DELETED: &str = "deleted.csv";
/// How a backup is called after the time from which it is. Such names sort by age.
const NAME: &str = "%Y-%m-%dT%H-%M-%SZ";

/// What is backed up.
pub(crate) struct Source {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The database of accounts, which is a file.
    pub(crate) accounts: Url,
    /// The database of conversations, which is a file.
    pub(crate) conversations: Url,
    /// The folder of the keys.
    pub(crate) keys: PathBuf,
}

fn name_of_now() -> String {
    clock::now().format(NAME).to_string()
}

/// Whether a name is one of a backup.
fn is_name(name: &str) -> bool {
    let pattern = b"0000-00-00T00-00-00Z";
    let fits =
        |(byte, like): (u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == *like };
    name.len() == pattern.len() && name.bytes().zip(pattern).all(fits)
}

/// The names of the backups in a folder, the oldest first.
fn names_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let name = entry.with_context(unreadable)?.file_name();
        names.extend(name.into_string().ok().filter(|name| is_name(name)));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_known_by_its_name() {
        assert!(is_name(&name_of_now()) && is_name("2026-11-27T03-42-42Z"));
        for other in [
            "",
            "2026-11-27T03-42-42",
            ".2026-11-27T03-42-42Z.unfinished",
            "2026-11-27T03:42:42Z",
            "2026-11-27T03-42-4２",
        ] {
            assert!(!is_name(other), "{other}");
        }
    }
}
