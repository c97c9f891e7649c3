//! Whether the peppers that are there are those that the database was made with.

use std::path::Path;

use anyhow::bail;

use crate::keys::Folder;
use crate::passwords;
use crate::peppers::{self, Peppers};

/// The peppers of a service, and what they are compared with.
pub(crate) struct Keyring {
    pub(crate) peppers: Peppers,
}

impl Keyring {
    /// Reads the peppers in `folder`, making the current one if it is not there yet.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let is_first = !folder.join(peppers::CURRENT).exists();
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

    /// Reads the peppers that there are, and makes none.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { peppers: Peppers::find(folder)? })
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

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
        assert_eq!(files.len(), 2, "the pepper and the lock; no drafts are left behind");
        assert!(files.iter().all(|file| mode(file) == 0o600));
    }

    #[test]
    fn services_that_start_at_once_have_the_same_pepper() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let open = || Keyring::open(&keys).unwrap().peppers.ids();
        let all = std::thread::scope(|threads| {
            let starts: Vec<_> = (0..8).map(|_| threads.spawn(open)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(all.iter().all(|ids| *ids == all[0]), "{all:?}");
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
