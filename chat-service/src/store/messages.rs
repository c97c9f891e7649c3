//! Messages as they are kept.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set,
};

use super::{
    Feedback, Message, Rating, Sender, Store, Turn, branches, feedback, message, owned_message,
    owned_session, touch,
};
use crate::error::Error;
use crate::prompt;

/// Messages read at once while a prompt is being filled.
const HISTORY_PAGE: u64 = 50;
/// Turns of a branch that is not shown that go into a prompt. Rare enough to be read at once.
const HIDDEN_TURNS: u64 = 100;

/// Which messages of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Those that follow this one.
    pub(crate) after: Option<i64>,
    /// Those before this one, and of them the last.
    pub(crate) before: Option<i64>,
    /// At most this many.
    pub(crate) size: u64,
    /// Of all branches.
    pub(crate) all_branches: bool,
    /// None, if the session still has this version.
    pub(crate) known_version: Option<i64>,
}

/// A page of a session, oldest first.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) messages: Vec<(Message, Option<Feedback>)>,
    /// Whether there was more than that.
    pub(crate) has_more: bool,
    pub(crate) version: i64,
}

impl Store {
    /// Messages of a session of this person, oldest first.
    pub(crate) async fn messages(
        &self,
        user_id: i64,
        session_id: i64,
        span: Span,
    ) -> Result<Listed, Error> {
        let mut query = said_in(user_id, session_id).limit(span.size + 1);
        if !span.all_branches {
            query = query.filter(message::Column::Shown.eq(true));
        }
        if let Some(after) = span.after {
            query = query.filter(message::Column::Id.gt(after));
        }
        query = match span.before {
            Some(before) => {
                query.filter(message::Column::Id.lt(before)).order_by_desc(message::Column::Id)
            }
            None => query.order_by_asc(message::Column::Id),
        };
        self.of(user_id)
            .read(move |read| async move {
                // Before the messages: what is added in between only makes the version look old.
                let version = owned_session(&read, user_id, session_id).await?.version;
                if span.known_version == Some(version) {
                    return Ok(Listed { messages: Vec::new(), has_more: false, version });
                }
                let mut found = query.all(&read).await?;
                let has_more = found.len() as u64 > span.size;
                found.truncate(usize::try_from(span.size).unwrap_or(usize::MAX));
                if span.before.is_some() {
                    found.reverse();
                }
                let messages = with_feedback(&read, found).await?;
                Ok(Listed { messages, has_more, version })
            })
            .await
    }

    /// A message that somebody said.
    pub(crate) async fn message(&self, user_id: i64, id: i64) -> Result<Message, Error> {
        self.of(user_id)
            .read_patiently(move |read| async move {
                owned_message(&read, user_id, id, Sender::User).await
            })
            .await
    }

    /// What was said up to a turn's message, oldest first, as [`Store::history`] tells it.
    pub(crate) async fn said_up_to(
        &self,
        turn: &Turn,
        budget: usize,
    ) -> Result<(Vec<Message>, bool), Error> {
        let turn = turn.clone();
        if turn.shown {
            let before = turn.user_message_id() + 1;
            return self.history(turn.user_id, turn.session_id, before, budget).await;
        }
        self.of(turn.user_id)
            .read_patiently(move |read| async move {
                let said = branches::said_before(&read, &turn, HIDDEN_TURNS).await?;
                let is_cut = said.len() as u64 >= HIDDEN_TURNS;
                Ok((said, is_cut))
            })
            .await
    }

    /// What was said before the message `before`, in the branch that is shown, oldest first: the
    /// newest part, somewhat more than fits into `budget` tokens. Never the whole history of a long
    /// session. True if there was more.
    pub(crate) async fn history(
        &self,
        user_id: i64,
        session_id: i64,
        before: i64,
        budget: usize,
    ) -> Result<(Vec<Message>, bool), Error> {
        self.of(user_id)
            .read_patiently(move |read| async move {
                let (mut history, mut spent, mut before) = (Vec::<Message>::new(), 0, before);
                let is_cut = loop {
                    let page = said_in(user_id, session_id)
                        .filter(message::Column::Shown.eq(true))
                        .filter(message::Column::Id.lt(before))
                        .order_by_desc(message::Column::Id)
                        .limit(HISTORY_PAGE)
                        .all(&read)
                        .await?;
                    let is_last = page.len() < usize::try_from(HISTORY_PAGE).unwrap_or_default();
                    spent += page.iter().map(|old| prompt::tokens(&old.text)).sum::<usize>();
                    history.extend(page);
                    match history.last() {
                        Some(oldest) if !is_last && spent <= budget => before = oldest.id,
                        _ => break !is_last,
                    }
                };
                history.reverse();
                Ok((history, is_cut))
            })
            .await
    }

    /// Notes what a person thinks of a reply, or that they no longer say.
    pub(crate) async fn set_feedback(
        &self,
        user_id: i64,
        message_id: i64,
        opinion: Option<(Rating, String)>,
        now: DateTime<Utc>,
    ) -> Result<(Message, Option<Feedback>), Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    let message = owned_message(tx, user_id, message_id, Sender::Ai).await?;
                    feedback::Entity::delete_by_id(message_id).exec(tx).await?;
                    let feedback = match opinion {
                        Some((rating, comment)) => {
                            let row = feedback::ActiveModel {
                                message_id: Set(message_id),
                                user_id: Set(user_id),
                                rating: Set(rating),
                                comment: Set(comment),
                                updated_at: Set(now),
                            };
                            Some(row.insert(tx).await?)
                        }
                        None => None,
                    };
                    touch(tx, message.session_id, None).await?;
                    Ok((message, feedback))
                }
                .boxed()
            })
            .await
    }
}

pub(super) fn said_in(user_id: i64, session_id: i64) -> sea_orm::Select<message::Entity> {
    message::Entity::find()
        .filter(message::Column::UserId.eq(user_id))
        .filter(message::Column::SessionId.eq(session_id))
}

/// Messages, and what their owner thinks of them.
pub(super) async fn with_feedback(
    connection: &impl ConnectionTrait,
    messages: Vec<Message>,
) -> Result<Vec<(Message, Option<Feedback>)>, Error> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
        return Ok(Vec::new());
    };
    let mut known = feedback::Entity::find()
        .filter(feedback::Column::MessageId.between(first.id, last.id))
        .filter(feedback::Column::UserId.eq(first.user_id))
        .order_by_asc(feedback::Column::MessageId)
        .all(connection)
        .await?
        .into_iter()
        .peekable();
    let with = messages.into_iter().map(|message| {
        while known.next_if(|opinion| opinion.message_id < message.id).is_some() {}
        let opinion = known.next_if(|opinion| opinion.message_id == message.id);
        (message, opinion)
    });
    Ok(with.collect())
}
