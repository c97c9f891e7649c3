//! How a service goes away without anybody noticing: first it says that it is about to, then it stops; and its
//! connections end before they get old, so that callers look again for who is there.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::spread;
use crate::tasks::Tasks;

/// Longest time between saying that it stops and stopping, in seconds, of a service alone: all of a shutdown
/// takes 20 s at most.
pub const MOST_NOTICE: u64 = 8;

/// How a service goes away.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Between saying that it is not ready any more and taking no more calls: for whoever sends calls here to
    /// hear of it.
    pub notice: Duration,
    /// How old a connection of another service gets, give or take a tenth.
    pub max_age: Duration,
}

impl Default for Ending {
    fn default() -> Self {
        Self { notice: Duration::ZERO, max_age: Duration::from_mins(5) }
    }
}

impl Ending {
    /// Reads how the service goes away whose settings begin with `prefix`, such as `CHAT`. `None`: `settings`
    /// knows what is wrong.
    pub fn read(settings: &mut Settings, prefix: &str) -> Option<Self> {
        let notice = read_notice(settings, prefix, MOST_NOTICE);
        let help = "how old a connection of another service gets, give or take a tenth, in seconds";
        let name = format!("{prefix}_CONNECTION_SECONDS");
        let age = settings.number(&name, Self::default().max_age.as_secs(), 1..=86_400, help);
        Some(Self { notice: notice?, max_age: Duration::from_secs(age?) })
    }

    /// The age at which connections end, different in each process, so that not all end at once.
    pub(crate) fn age(&self) -> Duration {
        spread::about(self.max_age, 0.1)
    }
}

/// Reads for how long a service whose settings begin with `prefix` says that it stops before it does: at `most`
/// so many seconds. `None`: `settings` knows what is wrong.
pub fn read_notice(settings: &mut Settings, prefix: &str, most: u64) -> Option<Duration> {
    let help =
        "how long it says that it is not ready and still takes calls, before it stops, in seconds";
    let name = format!("{prefix}_STOP_DELAY_SECONDS");
    settings.number(&name, 0, 0..=most, help).map(Duration::from_secs)
}

/// A token that is cancelled when `told` has been for so long.
#[must_use]
pub fn after(notice: Duration, told: &CancellationToken) -> CancellationToken {
    let (told, stop) = (told.clone(), CancellationToken::new());
    let stopping = stop.clone();
    Tasks::new().spawn(async move {
        told.cancelled().await;
        tokio::time::sleep(notice).await;
        stopping.cancel();
    });
    stop
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_end_about_when_they_should_and_not_all_at_once() {
        let ending = Ending { max_age: Duration::from_secs(100), ..Ending::default() };
        let ages: Vec<_> = (0..100).map(|_| ending.age()).collect();
        let about = Duration::from_secs(90)..=Duration::from_secs(110);
        assert!(ages.iter().all(|age| about.contains(age)), "{ages:?}");
        assert!(ages.iter().any(|age| *age != ages[0]), "{ages:?}");
    }
}
