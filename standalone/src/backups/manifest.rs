//! What a backup says about itself: `backup.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use auth_service::Ledger;
use chassis::secret_file::Draft;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::copying::{self, Sum};
use super::{AUTH, CHAT, KEYS};

/// The manifest's name.
const FILE: &str = "backup.json";
/// How backups are laid out. What is laid out otherwise has another number.
const FORMAT: u64 = 1;
/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a backup says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u64,
    version: String,
    /// From when it is, as its folder is called: whatever was acknowledged before is in it.
    pub(super) from: String,
    /// Each file, by its place in the folder.
    pub(super) files: BTreeMap<String, Sum>,
    /// The highest number that an account had.
    pub(super) highest_account: i64,
    /// Whose accounts were deleted by then, here and before earlier restores.
    pub(super) deleted: Ledger,
}

/// The manifest in its file, with what shows whether it is whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    backup: Manifest,
    /// Of `backup`, written without spaces.
    sha256: String,
}

impl Manifest {
    pub(super) fn new(from: &str, highest_account: i64, deleted: Ledger) -> Self {
        let (version, from) = (VERSION.to_owned(), from.to_owned());
        Self { format: FORMAT, version, from, files: BTreeMap::new(), highest_account, deleted }
    }

    /// Writes it into the folder of a backup.
    pub(super) fn write(self, folder: &Path) -> anyhow::Result<()> {
        let sealed = Sealed { sha256: self.sum()?, backup: self };
        let mut text = serde_json::to_vec_pretty(&sealed)?;
        text.push(b'\n');
        let place = folder.join(FILE);
        let written = Draft::write(&place, &text).and_then(Draft::publish);
        written.with_context(|| format!("{} cannot be written", place.display()))
    }

    /// Reads it from the folder of a backup.
    ///
    /// # Errors
    /// When there is none, it is not whole, or of a later version.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let place = folder.join(FILE);
        let name = place.display();
        let text = fs::read(&place)
            .with_context(|| format!("{} is no backup: {name} cannot be read", folder.display()))?;
        let damaged = || format!("{name} is damaged");
        let value: Value = serde_json::from_slice(&text).with_context(damaged)?;
        let (format, version) = (&value["backup"]["format"], &value["backup"]["version"]);
        let version = version.as_str().with_context(damaged)?;
        let is_later = format.as_u64().is_none_or(|format| format > FORMAT)
            || numbers(version) > numbers(VERSION);
        ensure!(!is_later, "{name} is of AI Buddy {version}, later than this one ({VERSION})");
        let Sealed { backup, sha256 } = serde_json::from_value(value).with_context(damaged)?;
        ensure!(backup.sum()? == sha256, "{}: its checksum is another one", damaged());
        ensure!(backup.is_complete(), "{name} is of no backup that can be restored");
        Ok(backup)
    }

    /// Makes sure that all files of the backup in `folder` are as they were when it was made.
    pub(super) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        self.files.iter().try_for_each(|(name, sum)| {
            let file = folder.join(name);
            let found = copying::sum(&file)?;
            ensure!(found == *sum, "{} is damaged: it is not what was backed up", file.display());
            Ok(())
        })
    }

    fn sum(&self) -> anyhow::Result<String> {
        Ok(copying::sum_of(&serde_json::to_vec(self)?)?.sha256)
    }

    /// Whether all is there that a restore needs, and nothing that would be put elsewhere.
    fn is_complete(&self) -> bool {
        let pepper = format!("{KEYS}/pepper.key");
        let is_key = |name: &str| {
            let key = name.strip_prefix(KEYS).and_then(|name| name.strip_prefix('/'));
            key.is_some_and(|key| !key.is_empty() && !key.starts_with('.') && !key.contains('/'))
        };
        let needed = [CHAT, AUTH, pepper.as_str()];
        needed.iter().all(|name| self.files.contains_key(*name))
            && self.files.keys().all(|name| name == CHAT || name == AUTH || is_key(name))
    }
}

/// The numbers of a version, to be compared.
fn numbers(version: &str) -> Vec<u64> {
    let digits = |part: &str| part.parse().unwrap_or_default();
    version.split(['.', '-', '+']).take(3).map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let sum = copying::sum_of(b"abc").unwrap();
        let names = [CHAT, AUTH, "keys/pepper.key", "keys/pepper-1.key"];
        let files = names.iter().map(|name| ((*name).to_owned(), sum.clone())).collect();
        let deleted = Ledger::parse("3,2026-11-27T03:42:42.123456Z").unwrap();
        Manifest { files, ..Manifest::new("2026-11-27T03-42-42Z", 7, deleted) }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_not_if_anything_of_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        manifest().write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest());
        let (place, why) = (folder.path().join(FILE), || {
            format!("{:#}", Manifest::read(folder.path()).unwrap_err())
        });
        let text = fs::read_to_string(&place).unwrap();
        assert!(text.contains("ba7816bf 8f01cfea".replace(' ', "").as_str()), "SHA-256: {text}");
        for (from, to) in [
            ("\"id\": 3", "\"id\": 4"),
            ("ba78", "ba79"),
            ("pepper-1", "pepper-2"),
            ("\"highest_account\": 7", "\"highest_account\": 6"),
            ("}\n", "\n"),
            ("\"size\"", "\"bytes\""),
        ] {
            fs::write(&place, text.replacen(from, to, 1)).unwrap();
            assert!(why().contains("backup.json is damaged"), "{from}: {}", why());
        }
        for (from, to) in [("\"format\": 1", "\"format\": 2"), (VERSION, "9.0.0")] {
            fs::write(&place, text.replacen(from, to, 1)).unwrap();
            assert!(why().contains("later than this one"), "{}", why());
        }
        fs::remove_file(&place).unwrap();
        assert!(why().contains("is no backup"), "{}", why());
    }

    #[test]
    fn a_manifest_that_names_other_places_is_none() {
        for name in ["../chat.db", "/etc/passwd", "keys/../../x", "keys/", "keys/.lock", "lock"] {
            let mut other = manifest();
            other.files.insert(name.to_owned(), copying::sum_of(b"").unwrap());
            assert!(!other.is_complete(), "{name}");
        }
        for name in [CHAT, AUTH, "keys/pepper.key"] {
            let mut other = manifest();
            other.files.remove(name);
            assert!(!other.is_complete(), "{name}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.12") && numbers("1.0.0") > numbers("0.99.99"));
        assert_eq!(numbers("0.1.0"), numbers("0.1.0+build"));
    }
}
