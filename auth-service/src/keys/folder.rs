//! The folder that the keys are kept in.

mod cleaning;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use chassis::secret_file::{self, Draft};
use token::keys::{RefreshKey, SigningKey};

use super::change::Change;
use super::ring::{Kind, Ring};
use super::{Keys, manifest};

/// The manifest.
const MANIFEST: &str = "keys.json";
/// Locked by whoever changes something.
const LOCK: &str = "keys.lock";

/// The folder that the keys are kept in.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// What the folder held at one moment.
pub(crate) struct Snapshot {
    /// The manifest, byte for byte: as long as it is the same, so is the rest.
    pub(crate) manifest: Vec<u8>,
    pub(crate) ring: Ring,
    pub(crate) keys: Keys,
}

impl Folder {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Reads the keys, making folder and keys first if there are none yet.
    pub(crate) fn begin(&self, now: u64) -> anyhow::Result<Snapshot> {
        let name = self.0.display();
        self.make()?;
        let _lock = self.lock()?;
        if self.path(MANIFEST).exists() {
            self.commit(&Change::of(&self.ring()?, now))?;
        } else {
            // A first start that did not get to its end has left a draft.
            let is_lost = !secret_file::unfinished(&self.path(MANIFEST)).exists();
            if is_lost && !self.keys_beyond(&[])?.is_empty() {
                bail!(
                    "{MANIFEST} is missing in {name}, and there are keys beside it: put it back, or \
                     remove access-*.key and refresh-*.key to begin anew, with everybody logged out",
                );
            }
            self.commit(&Change::first(now)?)?;
        }
        self.load(self.manifest()?)
    }

    /// Makes the folder, for its owner alone, if it is not there.
    pub(crate) fn make(&self) -> anyhow::Result<()> {
        let mut folders = DirBuilder::new();
        folders.recursive(true).mode(0o700);
        let name = self.0.display();
        folders.create(&self.0).with_context(|| format!("the key folder {name} cannot be made"))
    }

    /// Whether there is nothing of any key here.
    pub(crate) fn is_empty(&self) -> bool {
        let manifest = self.path(MANIFEST);
        let is_begun = manifest.exists() || secret_file::unfinished(&manifest).exists();
        !is_begun && self.keys_beyond(&[]).is_ok_and(|keys| keys.is_empty())
    }

    /// What is written down, without the keys themselves.
    pub(crate) fn ring(&self) -> anyhow::Result<Ring> {
        self.read_ring(&self.manifest()?)
    }

    /// Changes the ring, as a whole or not at all; nobody else does in the meantime. Keys whose time is
    /// over go with every change.
    pub(crate) fn change(
        &self,
        now: u64,
        make: impl FnOnce(&mut Change) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ring> {
        // Not there means that no service has ever used the folder: nothing is made in a wrong place.
        self.manifest()?;
        let _lock = self.lock()?;
        let mut change = Change::of(&self.ring()?, now);
        make(&mut change)?;
        self.commit(&change)?;
        Ok(change.ring)
    }

    /// Puts keys in the place of all that there are, so that nothing is good that was ever signed.
    pub(crate) fn renew(&self, now: u64) -> anyhow::Result<()> {
        self.make()?;
        let _lock = self.lock()?;
        self.commit(&Change::first(now)?)
    }

    /// What the folder holds, if that is no longer what `known` says.
    pub(crate) fn look(&self, known: &[u8]) -> anyhow::Result<Option<Snapshot>> {
        let mut manifest = self.manifest()?;
        while manifest != known {
            match self.load(manifest.clone()) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(error) => {
                    // Nobody waits for a reader: the ring may have changed since, and a key be gone.
                    let newer = self.manifest()?;
                    if newer == manifest {
                        return Err(error);
                    }
                    manifest = newer;
                }
            }
        }
        Ok(None)
    }

    /// Writes down a change: first the new keys, then, in one go, that they are keys, and at last the keys
    /// that are none any more are removed. A crash in between leaves the ring as it was or as it is to
    /// be, and files that the next change removes.
    fn commit(&self, change: &Change) -> anyhow::Result<()> {
        let text = manifest::write(&change.ring)?;
        let place = self.path(MANIFEST);
        let unwritable = |path: &Path| format!("{} cannot be written", path.display());
        if fs::read(&place).ok().as_ref() != Some(&text) {
            let draft = Draft::write(&place, &text).with_context(|| unwritable(&place))?;
            for key in change.fresh() {
                let path = self.key_path(key.kind(), key.kid());
                Draft::write(&path, key.bytes())
                    .and_then(Draft::publish)
                    .with_context(|| unwritable(&path))?;
            }
            draft.publish().with_context(|| unwritable(&place))?;
        }
        self.clean_up(&change.ring)
    }

    fn load(&self, manifest: Vec<u8>) -> anyhow::Result<Snapshot> {
        let ring = self.read_ring(&manifest)?;
        let (signing, refresh) =
            (self.access(ring.active(Kind::Access))?, self.refresh(ring.active(Kind::Refresh))?);
        let others: anyhow::Result<Vec<_>> =
            ring.others(Kind::Access).map(|kid| self.access(kid)).collect();
        let other_refresh: anyhow::Result<Vec<_>> =
            ring.others(Kind::Refresh).map(|kid| self.refresh(kid)).collect();
        let keys = Keys::new(signing, others?, refresh, other_refresh?);
        Ok(Snapshot { manifest, ring, keys })
    }

    fn access(&self, kid: &str) -> anyhow::Result<SigningKey> {
        let path = self.key_path(Kind::Access, kid);
        let key = SigningKey::from_pkcs8(&secret_file::read(&path)?);
        let key = key.with_context(|| path.display().to_string())?;
        ensure!(key.public().kid() == kid, "{} holds a key of another name", path.display());
        Ok(key)
    }

    fn refresh(&self, kid: &str) -> anyhow::Result<RefreshKey> {
        let path = self.key_path(Kind::Refresh, kid);
        let key = RefreshKey::from_bytes(&secret_file::read(&path)?);
        let key = key.with_context(|| path.display().to_string())?;
        ensure!(key.kid() == kid, "{} holds a key of another name", path.display());
        Ok(key)
    }

    fn manifest(&self) -> anyhow::Result<Vec<u8>> {
        secret_file::read(&self.path(MANIFEST))
    }

    fn read_ring(&self, manifest: &[u8]) -> anyhow::Result<Ring> {
        let name = self.path(MANIFEST);
        manifest::read(manifest).with_context(|| format!("{} cannot be used", name.display()))
    }

    /// Waits until nobody else changes anything. The system lets go of it when a process dies.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let path = self.path(LOCK);
        let lock = secret_file::open(&path, OpenOptions::new().append(true));
        let lock = lock.and_then(|file| file.lock().map(|()| file));
        lock.with_context(|| format!("{} cannot be locked", path.display()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn key_path(&self, kind: Kind, name: &str) -> PathBuf {
        self.0.join(file_name(kind, name))
    }
}

fn file_name(kind: Kind, name: &str) -> String {
    format!("{kind}-{name}.key")
}
