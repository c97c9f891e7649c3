//! Conversations: what a person can do with them.

mod hearing;
mod keeping;

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use auth_client::Principal;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;

use crate::config::{Disclosure, TurnsConfig};
use crate::error::Error;
use crate::limits::PersonLimits;
use crate::prompt::Window;
use crate::requests::Request;
use crate::safety::{Language, Whereabouts, words};
use crate::store::{Begun, Keep, Message, Outcome, Spot, State, Store, Turn, Viewed, What, Words};
use crate::titles;
use crate::turns::{Cursor, Follower, Turns, reply};

pub(crate) use hearing::Hearing;
pub(crate) use keeping::{CREATE_SESSION, Context};

/// What requests are for: the same name means another request where another thing is asked for.
const SEND: &str = "send";
const REGENERATE: &str = "regenerate";
const EDIT: &str = "edit";

/// How long a caller is kept waiting for a whole reply: less than the minute that callers commonly
/// wait, so that they are told that the message is stored.
const PATIENCE: Duration = Duration::from_secs(58);

/// Conversations of people. Every function takes the person first and sees nobody else's.
pub(crate) struct Conversations {
    store: Store,
    turns: Turns,
    max_text_characters: usize,
    window: Window,
    limits: PersonLimits,
    disclosure: Disclosure,
    /// Hearings at once: they leave room for those who read.
    hearings: Arc<Semaphore>,
    /// Second looks at once.
    looks: Arc<Semaphore>,
}

impl Conversations {
    pub(crate) fn new(
        store: Store,
        turns: Turns,
        max_text_characters: usize,
        config: &TurnsConfig,
    ) -> Self {
        let (window, limits, disclosure) =
            (config.window, config.person.clone(), config.disclosure);
        let hearings = Arc::new(Semaphore::new(hearing::AT_ONCE));
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let looks = Arc::new(Semaphore::new(processors));
        Self { store, turns, max_text_characters, window, limits, disclosure, hearings, looks }
    }

    /// What is known of words that are to be answered.
    fn words(&self, heard: &Hearing) -> Words {
        Words {
            screening: heard.screening.clone(),
            whereabouts: heard.whereabouts,
            unread: heard.unread.clone(),
            disclosure: TimeDelta::from_std(self.disclosure.every).ok(),
        }
    }

    /// Says something. `id` is the name of the request, or empty.
    pub(crate) async fn say(
        &self,
        who: &Principal,
        session_id: Option<i64>,
        text: String,
        id: &str,
        (heard, now): (&Hearing, DateTime<Utc>),
    ) -> Result<Begun, Error> {
        let text = said(text, self.longest(heard))?;
        let session = session_id.unwrap_or(0).to_be_bytes();
        let request = Request::parse(SEND, id, &[&session, text.as_bytes()])?;
        let title = titles::of(&text, heard.screening.tier);
        let what = What::Said { session_id, text, title };
        self.turns.begin(who.user_id(), what, request, self.words(heard), now).await
    }

    /// The longest text that is taken. Nobody in danger is told to be brief.
    fn longest(&self, heard: &Hearing) -> usize {
        if heard.danger().is_some() { usize::MAX } else { self.max_text_characters }
    }

    /// Says something in place of an earlier message.
    pub(crate) async fn edit(
        &self,
        who: &Principal,
        message_id: i64,
        text: String,
        id: &str,
        (heard, now): (&Hearing, DateTime<Utc>),
    ) -> Result<Begun, Error> {
        let text = said(text, self.longest(heard))?;
        let request = Request::parse(EDIT, id, &[&message_id.to_be_bytes(), text.as_bytes()])?;
        let what = What::Edited { message_id, text };
        self.turns.begin(who.user_id(), what, request, self.words(heard), now).await
    }

    /// Hears once more what a turn answers.
    pub(crate) async fn hear_again(
        &self,
        who: &Principal,
        turn_id: i64,
        accepted: &str,
        now: DateTime<Utc>,
    ) -> Result<Hearing, Error> {
        let turn = self.store.outcome(who.user_id(), turn_id).await?.turn;
        let message = self.store.message(who.user_id(), turn.user_message_id()).await?;
        let spot = Spot::Session(turn.session_id);
        let mut heard = self.hear(who, spot, &message.text, accepted, now).await;
        // Whoever asks for the reply that they did not get is told what was noticed then.
        if turn.state == State::Failed {
            heard.notice = turn.notice().or(heard.notice);
        }
        Ok(heard)
    }

    /// Asks for another reply to what was answered before.
    pub(crate) async fn regenerate(
        &self,
        who: &Principal,
        turn_id: i64,
        id: &str,
        (heard, now): (&Hearing, DateTime<Utc>),
    ) -> Result<Begun, Error> {
        let request = Request::parse(REGENERATE, id, &[&turn_id.to_be_bytes()])?;
        let what = What::Again { turn_id };
        self.turns.begin(who.user_id(), what, request, self.words(heard), now).await
    }

    /// Asks for the reply that a turn did not get.
    pub(crate) async fn retry(
        &self,
        who: &Principal,
        turn_id: i64,
        (heard, now): (&Hearing, DateTime<Utc>),
    ) -> Result<Begun, Error> {
        let what = What::Failed { turn_id };
        self.turns.begin(who.user_id(), what, None, self.words(heard), now).await
    }

    /// Waits for the reply to a turn: it, and what it answers.
    pub(crate) async fn answer(
        &self,
        who: &Principal,
        begun: Begun,
    ) -> Result<(Outcome, Message, Message), Error> {
        let outcome = self.turns.outcome(who.user_id(), begun.turn.id);
        let outcome = tokio::time::timeout(PATIENCE, outcome).await;
        let outcome = outcome.unwrap_or(Err(Error::ReplyPending));
        let answered = outcome.and_then(|outcome| Ok((outcome.clone(), reply(outcome)?)));
        let (outcome, (turn, ai_message)) = answered.map_err(|why| match why {
            // The message is not stored any more, so there is no turn to come back to.
            Error::AccountDeleted => why,
            why => Error::Unanswered {
                turn_id: begun.turn.id,
                session_id: begun.turn.session_id,
                why: Box::new(why),
            },
        })?;
        let message = match begun.message {
            Some(message) => message,
            None => self.store.message(who.user_id(), turn.user_message_id()).await?,
        };
        Ok((outcome, message, ai_message))
    }

    /// Tells a reply to a turn that is known to be the person's.
    pub(crate) fn follow(&self, who: &Principal, turn_id: i64, cursor: Cursor) -> Follower {
        self.turns.follow(who.user_id(), turn_id, cursor)
    }

    /// What the person is told in a turn about what it is they talk to, and in which language.
    pub(crate) fn disclosure(&self, turn: &Turn) -> Option<(String, Language)> {
        let when = match turn.disclosure.as_deref()? {
            _ if self.disclosure.statutory => words::Disclosure::Statutory,
            "start" => words::Disclosure::Start,
            _ => words::Disclosure::Reminder,
        };
        let Whereabouts { region, language } = turn.whereabouts();
        Some((words::of(language).disclosure(when, region), language))
    }

    /// The country that the person set.
    pub(crate) async fn region(&self, who: &Principal) -> Result<Option<String>, Error> {
        self.store.region(who.user_id()).await
    }

    /// Sets the country that the person is in, or nowhere in particular; `None` changes nothing.
    /// Returns what is set now.
    pub(crate) async fn set_region(
        &self,
        who: &Principal,
        code: Option<String>,
    ) -> Result<Option<String>, Error> {
        let Some(code) = code else { return self.region(who).await };
        let region = crisis_resources::region(code.trim()).map(|region| region.code.clone());
        if region.is_none() && !code.trim().is_empty() {
            return Err(Error::RegionInvalid);
        }
        self.store.set_region(who.user_id(), region.clone()).await?;
        Ok(region)
    }

    /// A turn as it stands.
    pub(crate) async fn turn(&self, who: &Principal, turn_id: i64) -> Result<Outcome, Error> {
        self.store.outcome(who.user_id(), turn_id).await
    }

    /// Stops a turn and keeps what was read of it.
    pub(crate) async fn cancel(
        &self,
        who: &Principal,
        turn_id: i64,
        keep: Keep,
        now: DateTime<Utc>,
    ) -> Result<Outcome, Error> {
        self.turns.cancel(who.user_id(), turn_id, keep, now).await
    }

    /// Shows the branch that a turn is in.
    pub(crate) async fn select(&self, who: &Principal, turn_id: i64) -> Result<Viewed, Error> {
        self.store.select(who.user_id(), turn_id).await
    }
}

/// Judges a text. A NUL, which not every database can keep, becomes the replacement character:
/// nobody in need is sent away for a character they cannot see.
fn said(text: String, most: usize) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::TextRequired);
    }
    if text.chars().count() > most {
        return Err(Error::TextTooLong(most));
    }
    Ok(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_something_and_fits() {
        assert_eq!(said(" hi ".into(), 4).unwrap(), " hi ");
        assert_eq!(said("😀😀".into(), 2).unwrap(), "😀😀");
        assert_eq!(said("a\0b".into(), 3).unwrap(), "a\u{fffd}b");
        assert!(matches!(said(" \n\u{2003}".into(), 9), Err(Error::TextRequired)));
        assert!(matches!(said("12345".into(), 4), Err(Error::TextTooLong(4))));
    }
}
