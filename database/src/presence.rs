//! Who else has the database open.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// That this process has the database open. The system takes it back when the process ends, however
/// it ends.
#[derive(Debug)]
pub(crate) struct Presence {
    _file: Option<File>,
    /// Whether nobody else had it open when this process came.
    pub(crate) was_alone: bool,
}

impl Presence {
    /// Announces this process, on a file beside the database: closing any other handle on the database
    /// itself would drop the locks that SQLite holds on it.
    pub(crate) fn announce(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push(".open");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let announced = file.and_then(|file| {
            let was_alone = file.try_lock().is_ok();
            if was_alone {
                file.unlock()?;
            }
            file.lock_shared()?;
            Ok(Self { _file: Some(file), was_alone })
        });
        announced.unwrap_or_else(|error| {
            // Without it nothing is lost: what a dead process had is found a little later.
            tracing::warn!(%error, "it cannot be told whether others have the database open");
            Self { _file: None, was_alone: false }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_alone_and_so_is_the_next_after_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let first = Presence::announce(&path);
        assert!(first.was_alone);
        let second = Presence::announce(&path);
        assert!(!second.was_alone);
        drop(first);
        assert!(!Presence::announce(&path).was_alone, "the second is still there");
        drop(second);
        assert!(Presence::announce(&path).was_alone);
    }
}
