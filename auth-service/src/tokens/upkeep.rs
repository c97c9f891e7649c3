//! Keeping the keys in use as the folder has them, whoever changes it.

use std::time::Duration;

use chassis::clock;
use tokio_util::sync::CancellationToken;

use super::Tokens;
use crate::keys::{Folder, Kind, Ring, Snapshot};

/// Between two looks at the folder.
const PERIOD: Duration = Duration::from_millis(500);

/// What is kept up, and what was seen of it last.
pub(crate) struct Upkeep {
    tokens: Tokens,
    folder: Folder,
    manifest: Vec<u8>,
    ring: Ring,
    /// The last look went wrong, and that was said.
    is_troubled: bool,
}

impl Upkeep {
    /// Tokens with the keys that were found in the folder, and what keeps them so.
    pub(crate) fn begin(folder: Folder, found: Snapshot) -> (Tokens, Self) {
        let Snapshot { manifest, ring, keys } = found;
        let tokens = Tokens::with(keys);
        let upkeep = Self { tokens: tokens.clone(), folder, manifest, ring, is_troubled: false };
        (tokens, upkeep)
    }

    /// Looks again and again until `stop`, on a thread where it may wait for the disk.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
            }
            let look = move || {
                self.look(clock::unix_seconds(clock::now()));
                self
            };
            self = match tokio::task::spawn_blocking(look).await {
                Ok(upkeep) => upkeep,
                Err(error) => {
                    tracing::error!(%error, "nobody looks after the keys any more: restart this service");
                    return;
                }
            };
        }
    }

    /// Takes over what has changed. What cannot be read leaves the keys that were read last in use.
    fn look(&mut self, now: u64) {
        match self.try_to_look(now) {
            Ok(()) if self.is_troubled => {
                tracing::info!("the folder of the keys is in order again");
                self.is_troubled = false;
            }
            Err(error) if !self.is_troubled => {
                let error = format!("{error:#}");
                tracing::warn!(%error, "the folder of the keys is not in order; those in use stay");
                self.is_troubled = true;
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn try_to_look(&mut self, now: u64) -> anyhow::Result<()> {
        if let Some(found) = self.folder.look(&self.manifest)? {
            self.take_over(found);
        }
        if self.ring.has_expired(now) {
            self.folder.change(now, |_| Ok(()))?;
            if let Some(found) = self.folder.look(&self.manifest)? {
                self.take_over(found);
            }
        }
        Ok(())
    }

    fn take_over(&mut self, found: Snapshot) {
        let access = found.ring.active(Kind::Access);
        let refresh = found.ring.active(Kind::Refresh);
        let before = self.ring.entries();
        let gone = before.iter().map(|key| key.kid.as_str());
        let gone: Vec<_> = gone.filter(|kid| found.ring.kind_of(kid).is_err()).collect();
        let gone = gone.join(" ");
        // Commands work on the folder alone: this line is what is written down of them.
        tracing::info!(access, refresh, gone, "the keys have changed; these sign from now on");
        self.tokens.take_over(found.keys);
        (self.manifest, self.ring) = (found.manifest, found.ring);
    }
}

#[cfg(test)]
mod tests;
