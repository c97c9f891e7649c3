//! Hearing what a person says, before anything else is done with it.

use std::pin::pin;
use std::time::Duration;

use auth_client::Principal;
use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Conversations;
use crate::error::Error;
use crate::safety::{Notice, Screening, Whereabouts, reconsider, screen};
use crate::store::{Background, Spot};

/// How long help may wait for the database to tell what was said before.
const PATIENCE: Duration = Duration::from_millis(25);

/// How long anything else may: a connection to a server that had nothing to do for a while is made first.
const LONG_PATIENCE: Duration = Duration::from_millis(500);

/// How long a second look may take, the wait for a free processor included. What was found at first
/// stands if it takes longer.
const LOOK: Duration = Duration::from_millis(200);

/// Longest text that is screened where it arrives, in bytes: some ten milliseconds.
const LONG: usize = 32 * 1024;

/// Hearings that ask the database at once.
pub(super) const AT_ONCE: usize = 32;

/// What a person says, as it is heard.
#[derive(Clone)]
pub(crate) struct Hearing {
    pub(crate) screening: Screening,
    pub(crate) whereabouts: Whereabouts,
    /// The languages of the caller, if the country that they set could not be read in time.
    pub(crate) unread: Option<String>,
    /// What goes with the reply, as far as is known before the message is stored.
    pub(crate) notice: Option<Notice>,
    /// A shutdown waits for what becomes of it.
    _at_work: TaskTrackerToken,
}

impl Hearing {
    /// The notice, if help must go out before anything else.
    pub(crate) fn danger(&self) -> Option<&Notice> {
        self.notice.as_ref().filter(|notice| notice.is_danger())
    }
}

impl Conversations {
    /// Hears what is said. `accepted`: the `Accept-Language` of the caller.
    ///
    /// Never fails, and never waits long: without a database, a message still says what it says.
    pub(crate) async fn hear(
        &self,
        who: &Principal,
        spot: Spot,
        text: &str,
        accepted: &str,
        now: DateTime<Utc>,
    ) -> Hearing {
        let at_work = self.turns.tasks().at_work();
        let mut background = pin!(self.background(who.user_id(), spot, now));
        let (screening, mut found) =
            tokio::join!(self.listen(text), timeout(PATIENCE, &mut background));
        if found.is_err() && !is_danger(&screening, now) {
            found = timeout(LONG_PATIENCE, background).await;
        }
        let background = match found {
            Ok(Ok(background)) => Some(background),
            Ok(Err(error)) => {
                tracing::warn!(%error, "what was said before could not be read");
                None
            }
            Err(_) => {
                tracing::warn!("what was said before could not be read in time");
                None
            }
        };
        let unread = background.is_none().then(|| accepted.to_owned());
        let Background { mut talk, region } = background.unwrap_or_default();
        let whereabouts = Whereabouts::of(region.as_deref(), accepted);
        let heard = talk.take_in(screening.clone(), now);
        let notice = Notice::of(&heard, whereabouts);
        Hearing { screening, whereabouts, unread, notice, _at_work: at_work }
    }

    /// What was said before. Whoever does not wait for it leaves its place taken until it is read.
    async fn background(
        &self,
        user_id: i64,
        spot: Spot,
        now: DateTime<Utc>,
    ) -> Result<Background, Error> {
        let (place, store) = (self.hearings.clone().acquire_owned().await, self.store.clone());
        let reading = self.turns.tasks().spawn(async move {
            let _place = place;
            store.background(user_id, spot, now).await
        });
        reading.await?
    }

    /// Screens a text, and looks again where there is doubt.
    async fn listen(&self, text: &str) -> Screening {
        let screening = look(text).await;
        if !screening.is_doubtful() {
            return screening;
        }
        let look = self.look_again(text.to_owned(), screening.clone());
        match timeout(LOOK, look).await {
            Ok(Ok(looked)) => return looked,
            Ok(Err(error)) => tracing::error!(%error, "a second look failed"),
            Err(_) => tracing::warn!("a second look took too long"),
        }
        screening
    }

    /// Looks again at a text, where nobody else waits for the thread, and not at more texts at once
    /// than there are processors.
    async fn look_again(&self, text: String, found: Screening) -> Result<Screening, Error> {
        let place = self.looks.clone().acquire_owned().await;
        let looking = tokio::task::spawn_blocking(move || {
            let _place = place;
            reconsider(&text, found)
        });
        Ok(looking.await?)
    }
}

/// Whether it shows danger, whatever was said before.
fn is_danger(screening: &Screening, now: DateTime<Utc>) -> bool {
    let heard = Background::default().talk.take_in(screening.clone(), now);
    Notice::of(&heard, Whereabouts::of(None, "")).is_some_and(|notice| notice.is_danger())
}

/// Screens a text, a long one where nobody else waits for the thread.
async fn look(text: &str) -> Screening {
    if text.len() <= LONG {
        return screen(text);
    }
    let owned = text.to_owned();
    let screening = tokio::task::spawn_blocking(move || screen(&owned)).await;
    screening.unwrap_or_else(|_| screen(text))
}
