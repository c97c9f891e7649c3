//! How sessions, turns and messages look in JSON.

mod resources;
mod safety;

use chassis::clock;
use chrono::SecondsFormat;
use prost_types::Timestamp;
use proto::chat::v1 as pb;
use proto::chat::v1::turn::State;
use serde::Serialize;

use crate::error::ApiError;

pub(crate) use resources::{Line, Resources};
pub(crate) use safety::Safety;

/// A conversation.
#[derive(Serialize)]
pub(crate) struct Session {
    id: i64,
    user: i64,
    title: String,
    has_own_title: bool,
    created_at: String,
    updated_at: String,
    archived_at: Option<String>,
    active_turn: Option<i64>,
    version: i64,
}

impl From<pb::Session> for Session {
    fn from(session: pb::Session) -> Self {
        Self {
            id: session.id,
            user: session.user_id,
            title: session.title,
            has_own_title: session.has_own_title,
            created_at: time(session.create_time.as_ref()).unwrap_or_default(),
            updated_at: time(session.update_time.as_ref()).unwrap_or_default(),
            archived_at: time(session.archive_time.as_ref()),
            active_turn: session.active_turn_id,
            version: session.version,
        }
    }
}

/// A message under the keys that it has always had.
#[derive(Serialize)]
pub(crate) struct Saying {
    id: i64,
    user: i64,
    session: i64,
    sender: &'static str,
    text: String,
    created_at: String,
}

impl From<pb::Message> for Saying {
    fn from(message: pb::Message) -> Self {
        let sender = match message.sender() {
            pb::Sender::Ai => "AI",
            pb::Sender::User | pb::Sender::Unspecified => "USER",
        };
        Self {
            id: message.id,
            user: message.user_id,
            session: message.session_id,
            sender,
            text: message.text,
            created_at: time(message.create_time.as_ref()).unwrap_or_default(),
        }
    }
}

/// A message, and what belongs to it.
#[derive(Serialize)]
pub(crate) struct Message {
    #[serde(flatten)]
    saying: Saying,
    turn: i64,
    shown: bool,
    feedback: Option<Feedback>,
}

impl From<pb::Message> for Message {
    fn from(mut message: pb::Message) -> Self {
        let (turn, shown) = (message.turn_id, message.shown);
        let feedback = message.feedback.take().map(Feedback::from);
        Self { saying: message.into(), turn, shown, feedback }
    }
}

/// What a person thinks of a reply.
#[derive(Serialize)]
pub(crate) struct Feedback {
    rating: &'static str,
    comment: String,
}

impl From<pb::Feedback> for Feedback {
    fn from(feedback: pb::Feedback) -> Self {
        let rating = match feedback.rating() {
            pb::Rating::Down => "down",
            pb::Rating::Up | pb::Rating::Unspecified => "up",
        };
        Self { rating, comment: feedback.comment }
    }
}

/// A message and the reply to it.
#[derive(Serialize)]
pub(crate) struct Turn {
    id: i64,
    session: i64,
    parent: Option<i64>,
    user_message: i64,
    ai_message: Option<i64>,
    state: &'static str,
    attempt: u32,
    failure: Option<&'static str>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    shown: bool,
    created_at: String,
    ended_at: Option<String>,
    safety: Option<Safety>,
}

impl From<pb::Turn> for Turn {
    fn from(turn: pb::Turn) -> Self {
        let state = match turn.state() {
            State::Queued | State::Unspecified => "queued",
            State::Running => "running",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        };
        let failed = turn.failure() != pb::ErrorReason::Unspecified;
        Self {
            failure: failed.then(|| ApiError::of_reason(turn.failure()).code),
            finish_reason: finish_reason(&turn),
            id: turn.id,
            session: turn.session_id,
            parent: turn.parent_turn_id,
            user_message: turn.user_message_id,
            ai_message: turn.ai_message_id,
            state,
            attempt: turn.attempt,
            usage: turn.usage.map(Usage::from),
            shown: turn.shown,
            created_at: time(turn.create_time.as_ref()).unwrap_or_default(),
            ended_at: time(turn.end_time.as_ref()),
            safety: turn.safety.and_then(Safety::of),
        }
    }
}

/// Why a reply ended. What was stopped before its first word ended too.
pub(crate) fn finish_reason(turn: &pb::Turn) -> Option<String> {
    match (turn.finish_reason.as_str(), turn.state()) {
        ("", State::Cancelled) => Some("cancelled".to_owned()),
        ("", _) => None,
        (reason, _) => Some(reason.to_owned()),
    }
}

/// Tokens of the language model.
#[derive(Serialize)]
pub(crate) struct Usage {
    prompt_tokens: i64,
    reply_tokens: i64,
    estimated: bool,
}

impl From<pb::Usage> for Usage {
    fn from(usage: pb::Usage) -> Self {
        let (prompt_tokens, reply_tokens) = (usage.prompt_tokens, usage.reply_tokens);
        Self { prompt_tokens, reply_tokens, estimated: usage.is_estimated }
    }
}

/// What was used on one day.
#[derive(Serialize)]
pub(crate) struct Day {
    #[serde(rename = "day")]
    date: String,
    turns: i64,
    #[serde(flatten)]
    usage: Usage,
}

impl From<pb::DayUsage> for Day {
    fn from(day: pb::DayUsage) -> Self {
        let usage = day.usage.unwrap_or_default().into();
        Self { date: day.day, turns: day.turns, usage }
    }
}

pub(crate) fn time(time: Option<&Timestamp>) -> Option<String> {
    let time = clock::from_timestamp(time?)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// A token of the next page; `null` on the last.
pub(crate) fn next_page(token: String) -> Option<String> {
    present(token)
}

/// A text, if there is one: the contracts say an absent one with an empty one.
pub(crate) fn present(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
