//! Removing the files of keys that are none any more.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};

use anyhow::Context as _;
use chassis::secret_file;

use super::{Folder, MANIFEST, file_name};
use crate::keys::ring::{Kind, Ring};

impl Folder {
    /// Removes the files of keys that `ring` does not name, and what a crash left unfinished. Only
    /// whoever holds the lock may.
    pub(super) fn clean_up(&self, ring: &Ring) -> anyhow::Result<()> {
        let named: Vec<_> =
            ring.entries().iter().map(|key| file_name(key.kind, &key.kid)).collect();
        // A ring whose keys are not all there may be the wrong one: nothing goes for its sake.
        if !named.iter().all(|name| self.path(name).exists()) {
            return Ok(());
        }
        let unfinished = secret_file::unfinished(&self.path(MANIFEST));
        let keys = self.keys_beyond(&named)?.into_iter().map(|name| self.0.join(name));
        for path in keys.chain([unfinished]) {
            match fs::remove_file(&path).and_then(|()| secret_file::sync_folder(&path)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let what = || {
                        format!("{} is not needed any more and cannot be removed", path.display())
                    };
                    return Err(error).with_context(what);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The files of keys, finished or not, that are none of `named`.
    pub(super) fn keys_beyond(&self, named: &[String]) -> anyhow::Result<Vec<OsString>> {
        let is_beyond = |name: &OsString| {
            let text = name.to_str().filter(|text| is_of_a_key(text));
            text.is_some_and(|text| !named.iter().any(|known| known == text))
        };
        let all = || -> io::Result<Vec<_>> {
            fs::read_dir(&self.0)?.map(|file| Ok(file?.file_name())).collect()
        };
        let all =
            all().with_context(|| format!("the key folder {} cannot be read", self.0.display()));
        Ok(all?.into_iter().filter(is_beyond).collect())
    }
}

/// Whether a file of this name is, or was to become, one of a key.
fn is_of_a_key(name: &str) -> bool {
    let finished = name.strip_suffix(secret_file::UNFINISHED).unwrap_or(name);
    let stem = finished.strip_suffix(".key");
    let has = |kind: &Kind| stem.is_some_and(|stem| stem.starts_with(&format!("{kind}-")));
    Kind::ALL.iter().any(has)
}
