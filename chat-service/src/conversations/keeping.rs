//! Reading conversations, and keeping them: sessions, search, opinions, what was used.

use auth_client::Principal;
use chrono::{DateTime, Utc};

use super::{Conversations, said};
use crate::error::Error;
use crate::limits::{self, Allowance};
use crate::pages::Position;
use crate::prompt::{Prompt, Window};
use crate::requests::Request;
use crate::store::{
    Change, Feedback, Hit, Listed, Message, Rating, Session, Span, Spot, Store, UsageDay, Viewed,
};
use crate::titles;

/// What a request for a session is for.
pub(crate) const CREATE_SESSION: &str = "create_session";
/// Longest comment on a reply, in characters.
const MOST_COMMENT: usize = 2_000;
/// Longest query, in characters.
const MOST_QUERY: usize = 200;

/// What the model would be sent.
pub(crate) struct Context {
    pub(crate) prompt: Prompt,
    pub(crate) window: Window,
}

impl Conversations {
    /// Messages of a session.
    pub(crate) async fn messages(
        &self,
        who: &Principal,
        session_id: i64,
        span: Span,
    ) -> Result<Listed, Error> {
        self.store.messages(who.user_id(), session_id, span).await
    }

    /// Messages that have all the words of a query.
    pub(crate) async fn search(
        &self,
        who: &Principal,
        session_id: Option<i64>,
        query: &str,
        before: Option<i64>,
        size: u64,
    ) -> Result<Vec<Hit>, Error> {
        if query.chars().count() > MOST_QUERY {
            return Err(Error::QueryInvalid("A query has at most 200 characters."));
        }
        let words = query.split(|letter: char| !letter.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(Error::QueryInvalid("There is no word to look for."));
        }
        self.store.search(who.user_id(), session_id, &words, before, size).await
    }

    /// Exactly what the model would be sent if `text` were said next.
    pub(crate) async fn context(
        &self,
        who: &Principal,
        session_id: i64,
        text: String,
        (accepted, now): (&str, DateTime<Utc>),
    ) -> Result<Context, Error> {
        let user_id = who.user_id();
        self.store.session(user_id, session_id).await?;
        let text = if text.is_empty() { text } else { said(text, self.max_text_characters)? };
        let (window, budget) = (self.window, self.window.budget());
        let history = self.store.history(user_id, session_id, i64::MAX, budget).await?;
        let (mut said, is_cut) = history;
        let heard = self.hear(who, Spot::Session(session_id), &text, accepted, now).await;
        let known = (heard.notice.filter(|_| !text.is_empty()), heard.whereabouts);
        let next = Message::next(user_id, session_id, text);
        let has_text = !next.text.is_empty();
        said.push(next);
        let mut prompt = Prompt::assemble(said, is_cut, budget, known);
        if !has_text {
            prompt.messages.pop();
        }
        Ok(Context { prompt, window })
    }

    /// Starts a session, or finds the one that an earlier request of this name started: true.
    pub(crate) async fn start(
        &self,
        who: &Principal,
        title: &str,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(Session, bool), Error> {
        let title = own_title(title)?;
        let request = Request::parse(CREATE_SESSION, id, &[title.as_bytes()])?;
        self.store.add_session(who.user_id(), title, request, now).await
    }

    /// A session.
    pub(crate) async fn session(&self, who: &Principal, id: i64) -> Result<Viewed, Error> {
        self.store.session(who.user_id(), id).await
    }

    /// The person's sessions, those with the latest activity first.
    pub(crate) async fn sessions(
        &self,
        who: &Principal,
        archived: bool,
        after: Option<Position>,
        size: u64,
    ) -> Result<Vec<Viewed>, Error> {
        self.store.sessions(who.user_id(), archived, after, size).await
    }

    /// Renames a session or puts it away.
    pub(crate) async fn change_session(
        &self,
        who: &Principal,
        session_id: i64,
        mut change: Change,
        now: DateTime<Utc>,
    ) -> Result<Viewed, Error> {
        change.title = change.title.as_deref().map(own_title).transpose()?;
        self.store.change_session(who.user_id(), session_id, change, now).await
    }

    /// Deletes a session.
    pub(crate) async fn delete_session(&self, who: &Principal, id: i64) -> Result<(), Error> {
        let open = self.store.delete_session(who.user_id(), id).await?;
        self.turns.forget(who.user_id(), &open);
        Ok(())
    }

    /// Deletes everything that is kept of a person, stops what is at work for them, and takes nothing
    /// of theirs any more. Cut off in between, it can be asked for again.
    pub(crate) async fn purge(&self, user_id: i64, now: DateTime<Utc>) -> Result<(), Error> {
        let open = self.store.depart(user_id, now).await?;
        self.turns.dismiss(user_id, &open);
        self.store.purge(user_id).await?;
        // A turn that was stored just before may have been taken up only after.
        self.turns.dismiss(user_id, &[]);
        Ok(())
    }

    /// Notes what the person thinks of a reply.
    pub(crate) async fn set_feedback(
        &self,
        who: &Principal,
        message_id: i64,
        opinion: Option<(Rating, String)>,
        now: DateTime<Utc>,
    ) -> Result<(Message, Option<Feedback>), Error> {
        if let Some((_, comment)) = &opinion
            && comment.chars().count() > MOST_COMMENT
        {
            return Err(Error::FeedbackInvalid(
                "comment",
                "A comment has at most 2,000 characters.",
            ));
        }
        self.store.set_feedback(who.user_id(), message_id, opinion, now).await
    }

    /// What the person has used on the last so many days, and what is left of today.
    pub(crate) async fn usage(
        &self,
        who: &Principal,
        days: u64,
        now: DateTime<Utc>,
    ) -> Result<(Vec<UsageDay>, Vec<Allowance>), Error> {
        let days = self.store.usage(who.user_id(), days, now).await?;
        let today = days.first().filter(|newest| newest.day == limits::day(now));
        let daily = self.limits.daily(today.map_or(0, |today| today.turns), now);
        let turns = self.limits.turns(self.store.turns_at_work(who.user_id()).await?);
        Ok((days, std::iter::once(turns).chain(daily).collect()))
    }

    /// The store, for reading out everything of a person.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}

/// Judges a title that a person gives.
fn own_title(title: &str) -> Result<String, Error> {
    let title = title.trim().replace('\0', "\u{fffd}");
    if title.chars().count() > titles::MOST_OWN {
        return Err(Error::TitleInvalid);
    }
    Ok(title)
}
