//! The pepper on disk: made on first start, readable by nobody else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use crate::keys::Folder;
use crate::passwords;
use crate::peppers::{self, Peppers};

/// What only the auth service may know, beside its keys.
pub(crate) struct Keyring {
    pub(crate) peppers: Peppers,
}

impl Keyring {
    /// Reads the keys in `folder`, making those that are not there yet.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the key folder {} cannot be made", folder.display()))?;
        let is_first = !folder.join("pepper.key").exists();
        let peppers = Peppers::open(folder)?;
        if !is_first && Folder::at(folder).is_empty() {
            tracing::warn!(
                folder = %folder.display(),
                "there is a pepper and no signing key; unless a first start was cut off here, the keys are \
                 lost: others are made, and everybody has to log in again"
            );
        }
        Ok(Self { peppers })
    }

    /// Reads the keys that there are, and makes none.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Self> {
        let current = folder.join("pepper.key");
        ensure!(current.exists(), "there is no {} yet; the service makes it", current.display());
        Ok(Self { peppers: Peppers::open(folder)? })
    }

    /// Refuses to work beside what was made with a pepper that is not there, a password hash or the trace
    /// of a name: people could not log in, names of deleted accounts could be registered, and new accounts
    /// would hide the loss.
    pub(crate) fn check_pepper(&self, stored: Option<&str>) -> anyhow::Result<()> {
        let Some(stored) = stored else { return Ok(()) };
        let of_password = passwords::pepper_of(stored).map(|id| ("passwords", id));
        let of_name = || peppers::pepper_of(stored).map(|id| ("names of deleted accounts", id));
        match of_password.or_else(of_name) {
            Some((what, id)) if self.peppers.named(id).is_none() => bail!(
                "{what} in the database were hashed with the pepper {id}, and neither pepper.key nor a \
                 pepper-*.key beside it is that one",
            ),
            _ => Ok(()),
        }
    }
}

/// Reads a secret file, making it first if it is not there.
pub(crate) fn secret(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, token::Error>,
) -> anyhow::Result<Vec<u8>> {
    if !path.exists() {
        create(path, &make()?).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    read(path)
}

/// Reads a secret file that is there, if only its owner can.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
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
        assert_eq!(first.peppers.ids(), again.peppers.ids());
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
        let id = keyring.peppers.current().id();
        assert!(keyring.check_pepper(Some(&format!("$ab1${id}$2b$…"))).is_ok());
        assert!(keyring.check_pepper(Some("$ab1$00000000$2b$…")).is_err());
    }
}
