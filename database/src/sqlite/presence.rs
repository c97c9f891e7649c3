//! Who else has the database open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Between two tries while somebody else puts things in order.
const AGAIN: Duration = Duration::from_millis(20);

/// That this process has the database open. The system takes it back when the process ends, however
/// it ends.
#[derive(Debug)]
pub(crate) struct Presence(Option<File>);

impl Presence {
    /// Announces this process, on a file beside the database: closing any other handle on the database
    /// itself would drop the locks that SQLite holds on it.
    ///
    /// True if nobody else has the database open. Nobody else comes in then until [`Self::settle`].
    pub(crate) async fn announce(database: &Path) -> (Self, bool) {
        match Self::lock(database).await {
            Ok((file, is_alone)) => (Self(Some(file)), is_alone),
            Err(error) => {
                // Without it nothing is lost: what a dead process had is found a little later.
                tracing::warn!(%error, "it cannot be told whether others have the database open");
                (Self(None), false)
            }
        }
    }

    async fn lock(database: &Path) -> io::Result<(File, bool)> {
        let mut path = database.as_os_str().to_owned();
        path.push(".open");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        if file.try_lock().is_ok() {
            return Ok((file, true));
        }
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Ok((file, false)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(AGAIN).await,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Lets others come in.
    pub(crate) fn settle(&self) {
        if let Some(Err(error)) = self.0.as_ref().map(File::lock_shared) {
            tracing::warn!(%error, "others may have to wait for this process to open the database");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_is_alone_and_so_is_the_next_after_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let (first, alone) = Presence::announce(&path).await;
        assert!(alone);
        first.settle();
        let (second, alone) = Presence::announce(&path).await;
        assert!(!alone);
        drop(first);
        assert!(!Presence::announce(&path).await.1, "the second is still there");
        drop(second);
        assert!(Presence::announce(&path).await.1);
    }

    #[tokio::test]
    async fn whoever_puts_things_in_order_is_not_disturbed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let (first, _) = Presence::announce(&path).await;
        let mut second = Box::pin(Presence::announce(&path));
        assert!(futures_util::poll!(&mut second).is_pending());
        first.settle();
        assert!(!second.await.1);
    }
}
