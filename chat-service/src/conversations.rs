//! Conversations: what a person can do with them.

use auth_client::Principal;
use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::pages::Page;
use crate::store::{Message, Session, Store};
use crate::turns::{Exchange, Turns};

/// Conversations of people. Every function takes the person first and sees nobody else's.
pub(crate) struct Conversations {
    store: Store,
    turns: Turns,
    max_text_characters: usize,
}

impl Conversations {
    pub(crate) fn new(store: Store, turns: Turns, max_text_characters: usize) -> Self {
        Self { store, turns, max_text_characters }
    }

    /// Says something and waits for the answer.
    pub(crate) async fn send(
        &self,
        who: &Principal,
        session_id: Option<i64>,
        text: String,
        now: DateTime<Utc>,
    ) -> Result<Exchange, Error> {
        let text = said(text, self.max_text_characters)?;
        self.turns.take(who.user_id(), session_id, text, now).await
    }

    /// The messages of a session, oldest first.
    pub(crate) async fn messages(
        &self,
        who: &Principal,
        session_id: i64,
        page: Page,
    ) -> Result<Vec<Message>, Error> {
        self.store.messages(who.user_id(), session_id, page).await
    }

    /// Starts a session.
    pub(crate) async fn start(
        &self,
        who: &Principal,
        now: DateTime<Utc>,
    ) -> Result<Session, Error> {
        self.store.add_session(who.user_id(), now).await
    }

    /// The person's sessions, newest first.
    pub(crate) async fn sessions(
        &self,
        who: &Principal,
        page: Page,
    ) -> Result<Vec<Session>, Error> {
        self.store.sessions(who.user_id(), page).await
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
