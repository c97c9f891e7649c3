//! Peppers: the secrets that passwords are mixed with before they are hashed.
//!
//! `pepper.key` is the current one, made on first start. To change it, rename it to `pepper-1.key`,
//! or anything of the form `pepper-*.key`, and start again: a new one is made, passwords hashed with
//! an earlier one stay good, and each is hashed with the current one at its next login. Processes that
//! share a database share the folder and are started again together: one that does not know the new
//! pepper refuses whoever has a hash made with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chassis::secret_file::{self, Draft};
use ring::{digest, hmac};
use token::keys::random_bytes;

use crate::keys::Folder;
use crate::passwords;

/// What the trace of a deleted account's name begins with. It has a colon, and so it is no name.
pub(crate) const TRACE: &str = "deleted:";

/// The file of the current one.
const CURRENT: &str = "pepper.key";

/// The current pepper, and earlier ones that are still good for verifying.
pub(crate) struct Peppers {
    current: Pepper,
    earlier: Vec<Pepper>,
}

impl Peppers {
    /// Reads the peppers in `folder`, making it and the current one if they are not there yet.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let (place, keys) = (folder.join(CURRENT), Folder::at(folder));
        if place.exists() {
            if keys.is_empty() {
                tracing::warn!(
                    folder = %folder.display(),
                    "there is a pepper and no signing key; unless a first start was cut off here, the keys \
                     are lost: others are made, and everybody has to log in again"
                );
            }
        } else {
            keys.make()?;
            let _lock = keys.lock()?;
            // Another process may have been faster.
            if !place.exists() {
                ensure!(is_made(folder)?, missing(&place));
                Draft::write(&place, &Pepper::random()?)
                    .and_then(Draft::publish)
                    .with_context(|| format!("{} cannot be written", place.display()))?;
            }
        }
        Self::read(folder)
    }

    /// Reads the peppers that there are, and makes none.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Self> {
        let place = folder.join(CURRENT);
        if !place.exists() {
            let is_made = !folder.exists() || is_made(folder)?;
            ensure!(is_made, missing(&place));
            bail!("there is no {} yet; the service makes it", place.display());
        }
        Self::read(folder)
    }

    fn read(folder: &Path) -> anyhow::Result<Self> {
        let current = secret_file::read(&folder.join(CURRENT))?;
        let current = Pepper::from_bytes(&current).context(CURRENT)?;
        let read = |path: &PathBuf| {
            let pepper = Pepper::from_bytes(&secret_file::read(path)?);
            pepper.with_context(|| path.display().to_string())
        };
        let earlier = earlier(folder)?.iter().map(read).collect::<anyhow::Result<_>>()?;
        Ok(Self { current, earlier })
    }

    /// Refuses to work beside what was made with a pepper that is not there, a password hash or the trace
    /// of a name: people could not log in, names of deleted accounts could be registered, and new accounts
    /// would hide the loss.
    pub(crate) fn check(&self, stored: Option<&str>) -> anyhow::Result<()> {
        let Some(stored) = stored else { return Ok(()) };
        let of_password = passwords::pepper_of(stored).map(|id| ("passwords", id));
        let of_name = || pepper_of(stored).map(|id| ("names of deleted accounts", id));
        match of_password.or_else(of_name) {
            Some((what, id)) if self.named(id).is_none() => bail!(
                "{what} in the database were hashed with the pepper {id}, and neither pepper.key nor a \
                 pepper-*.key beside it is that one",
            ),
            _ => Ok(()),
        }
    }

    /// The one that new hashes are made with.
    pub(crate) fn current(&self) -> &Pepper {
        &self.current
    }

    /// The one of this name, current or earlier.
    pub(crate) fn named(&self, id: &str) -> Option<&Pepper> {
        self.all().find(|pepper| pepper.id == id)
    }

    /// The names of all of them.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.all().map(|pepper| pepper.id.clone()).collect()
    }

    /// All of them, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Pepper> {
        std::iter::once(&self.current).chain(&self.earlier)
    }

    #[cfg(test)]
    pub(crate) fn generate() -> Result<Self, token::Error> {
        Ok(Self { current: Pepper::from_bytes(&Pepper::random()?)?, earlier: Vec::new() })
    }
}

/// The files of all of them in `folder`.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = vec![folder.join(CURRENT)];
    all.extend(earlier(folder)?);
    Ok(all)
}

/// The files of earlier ones in `folder`.
fn earlier(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = file.with_context(|| folder.display().to_string())?.path();
        let is_named =
            path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("pepper-"));
        if is_named && path.extension().is_some_and(|extension| extension == "key") {
            found.push(path);
        }
    }
    Ok(found)
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

    /// What is left of a name when its account is deleted: `deleted:<pepper>:<HMAC>`. Without the pepper
    /// it cannot even be guessed at.
    pub(crate) fn trace(&self, username_key: &str) -> String {
        format!("{TRACE}{}:{}", self.id, self.name_tag(username_key))
    }

    /// All that may be left of a name: the trace, and what was written before traces named their pepper.
    pub(crate) fn traces(&self, username_key: &str) -> [String; 2] {
        [self.trace(username_key), format!("{TRACE}{}", self.name_tag(username_key))]
    }

    /// What stands for a network from which the password of an account was proven. Without the pepper
    /// neither of them can be guessed at; and of two accounts, nobody sees that they share a network.
    pub(crate) fn place(&self, username_key: &str, network: &str) -> String {
        // A network has no space in it.
        self.tag(&format!("place:{network} {username_key}"))
    }

    fn name_tag(&self, username_key: &str) -> String {
        self.tag(&format!("name:{username_key}"))
    }

    fn tag(&self, text: &str) -> String {
        STANDARD_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()))
    }
}

/// The pepper that a trace names.
pub(crate) fn pepper_of(trace: &str) -> Option<&str> {
    Some(trace.strip_prefix(TRACE)?.split_once(':')?.0)
}

/// Whether a start makes one where there is no current one: it is the first, or the one before was put aside.
fn is_made(folder: &Path) -> anyhow::Result<bool> {
    Ok(Folder::at(folder).is_empty() || !earlier(folder)?.is_empty())
}

/// Why nothing goes on without the current one.
fn missing(place: &Path) -> String {
    let place = place.display();
    format!(
        "{place} is missing, and there are keys beside it: put it back, nobody can log in without it"
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A key folder whose pepper was changed once, and the names of both: earlier, current.
    fn changed_once() -> (tempfile::TempDir, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let earlier = Peppers::open(folder.path()).unwrap();
        fs::rename(folder.path().join("pepper.key"), folder.path().join("pepper-1.key")).unwrap();
        let current = Peppers::open(folder.path()).unwrap();
        (folder, earlier.current().id.clone(), current.current().id.clone())
    }

    #[test]
    fn an_earlier_pepper_is_still_there_beside_the_current_one() {
        let (folder, earlier, current) = changed_once();
        assert_ne!(earlier, current);
        fs::write(folder.path().join("pepper-1.key.old"), "not one of them").unwrap();
        let peppers = Peppers::open(folder.path()).unwrap();
        assert_eq!(peppers.current().id(), current);
        assert_eq!(peppers.ids(), [current.clone(), earlier.clone()]);
        for id in [&earlier, &current] {
            assert_eq!(peppers.named(id).unwrap().id(), id);
        }
        assert!(peppers.named("00000000").is_none());
    }

    #[test]
    fn an_earlier_pepper_that_others_can_read_or_that_is_cut_short_stops_the_start() {
        let (folder, ..) = changed_once();
        let file = folder.path().join("pepper-1.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Peppers::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper-1.key can be read by others"), "{error}");

        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, b"short").unwrap();
        let error = Peppers::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper-1.key"), "{error}");
    }

    #[test]
    fn a_pepper_is_made_once_and_kept_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let first = Peppers::open(&keys).unwrap();
        let again = Peppers::open(&keys).unwrap();
        assert_eq!(first.ids(), again.ids());
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
        let open = || Peppers::open(&keys).unwrap().ids();
        let all = std::thread::scope(|threads| {
            let starts: Vec<_> = (0..8).map(|_| threads.spawn(open)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(all.iter().all(|ids| *ids == all[0]), "{all:?}");
    }

    #[test]
    fn a_pepper_that_others_can_read_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        Peppers::open(folder.path()).unwrap();
        let key = folder.path().join("pepper.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Peppers::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper.key"), "{error}");
    }

    #[test]
    fn a_pepper_that_is_cut_short_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        Peppers::open(folder.path()).unwrap();
        fs::write(folder.path().join("pepper.key"), b"short").unwrap();
        let error = Peppers::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("pepper.key"), "{error}");
    }

    #[test]
    fn a_lost_pepper_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let peppers = Peppers::open(folder.path()).unwrap();
        assert!(peppers.check(None).is_ok());
        let id = peppers.current().id();
        assert!(peppers.check(Some(&format!("$ab1${id}$2b$…"))).is_ok());
        assert!(peppers.check(Some("$ab1$00000000$2b$…")).is_err());
    }

    #[test]
    fn a_pepper_that_is_gone_is_to_be_put_back_whoever_looks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let find = || Peppers::find(folder.path()).map(drop).unwrap_err().to_string();
        assert!(find().contains("the service makes it"));
        fs::write(folder.path().join("keys.json"), "{}").unwrap();
        let start = Peppers::open(folder.path()).map(drop).unwrap_err().to_string();
        assert!(start.contains("put it back"), "{start}");
        assert_eq!(find(), start);
        // Put aside, for a start to make another.
        Draft::write(&folder.path().join("pepper-1.key"), &Pepper::random().unwrap())
            .and_then(Draft::publish)
            .unwrap();
        assert!(find().contains("the service makes it"));
    }
}
