//! The pepper on disk: made on first start, readable by nobody else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use ring::{digest, hmac};
use token::keys::random_bytes;

use crate::passwords;

/// What only the auth service may know, beside its keys.
pub(crate) struct Keyring {
    pub(crate) pepper: Pepper,
}

impl Keyring {
    /// Reads the keys in `folder`, making those that are not there yet.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the key folder {} cannot be made", folder.display()))?;
        let pepper = secret(&folder.join("pepper.key"), || Ok(Pepper::random()?.to_vec()))?;
        Ok(Self { pepper: Pepper::from_bytes(&pepper).context("pepper.key")? })
    }

    /// Refuses to work beside accounts whose passwords were hashed with another pepper: nobody
    /// could log in, and new accounts would hide the loss.
    pub(crate) fn check_pepper(&self, stored: Option<&str>) -> anyhow::Result<()> {
        let used = stored.and_then(passwords::pepper_of);
        if used.is_some_and(|id| id != self.pepper.id()) {
            bail!("pepper.key is not the one that the passwords in the database were hashed with");
        }
        Ok(())
    }
}

/// The secret that passwords are mixed with before they are hashed.
pub(crate) struct Pepper {
    id: String,
    key: hmac::Key,
}

impl Pepper {
    const BYTES: usize = 48;

    fn random() -> Result<[u8; Self::BYTES], token::Error> {
        random_bytes()
    }

    #[cfg(test)]
    pub(crate) fn generate() -> Result<Self, token::Error> {
        Self::from_bytes(&Self::random()?)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, token::Error> {
        if bytes.len() != Self::BYTES {
            return Err(token::Error::Key);
        }
        // Eight hexadecimal digits of a digest name it without telling anything about it.
        let digest = digest::digest(&digest::SHA256, bytes);
        let start = digest.as_ref().first_chunk().copied().unwrap_or_default();
        let id = format!("{:08x}", u32::from_be_bytes(start));
        Ok(Self { id, key: hmac::Key::new(hmac::HMAC_SHA384, bytes) })
    }

    /// Its name in stored hashes.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn key(&self) -> &hmac::Key {
        &self.key
    }
}

/// Reads a secret file, making it first if it is not there.
fn secret(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, token::Error>,
) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    if !path.exists() {
        create(path, &make()?).with_context(|| format!("{name} cannot be written"))?;
    }
    let mode = fs::metadata(path).with_context(|| format!("{name} cannot be read"))?.permissions();
    let for_others = mode.mode() & 0o077;
    ensure!(
        for_others == 0,
        "{name} can be read by others than its owner: chmod 600 it, and replace it if they are strangers",
    );
    fs::read(path).with_context(|| format!("{name} cannot be read"))
}

/// Writes a file that appears whole or not at all, and never replaces one that another process made
/// in the same moment.
fn create(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    // The name is on disk before anything is made that depends on what it names.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pepper_is_made_once_and_kept_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let first = Keyring::open(&keys).unwrap();
        let again = Keyring::open(&keys).unwrap();
        assert_eq!(first.pepper.id(), again.pepper.id());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys), 0o700);
        let files: Vec<_> = fs::read_dir(&keys).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "no drafts are left behind");
        assert!(files.iter().all(|file| mode(file) == 0o600));
    }

    #[test]
    fn a_pepper_that_others_can_read_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::open(folder.path()).unwrap();
        let key = folder.path().join("pepper.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keyring::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper.key"), "{error}");
    }

    #[test]
    fn a_pepper_that_is_cut_short_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::open(folder.path()).unwrap();
        fs::write(folder.path().join("pepper.key"), b"short").unwrap();
        let error = Keyring::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper.key"), "{error}");
    }

    #[test]
    fn a_lost_pepper_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(folder.path()).unwrap();
        assert!(keyring.check_pepper(None).is_ok());
        assert!(keyring.check_pepper(Some(&format!("$ab1${}$2b$…", keyring.pepper.id()))).is_ok());
        assert!(keyring.check_pepper(Some("$ab1$00000000$2b$…")).is_err());
    }
}
