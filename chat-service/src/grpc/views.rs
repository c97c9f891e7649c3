//! What is kept, as the contract shows it.

use std::time::Duration;

use chassis::clock;
use proto::chat::v1 as pb;

use super::safety;
use crate::conversations::Context;
use crate::error::Error;
use crate::limits::Allowance;
use crate::pages::{self, ROWS};
use crate::store::{
    Failure, Feedback, Finish, Hit, Listed, Message, Outcome, Rating, Sender, Session, Span, State,
    UsageDay, Viewed,
};

pub(super) fn session(viewed: Viewed) -> pb::Session {
    let Viewed { session, active_turn_id } = viewed;
    pb::Session { active_turn_id, ..session_without_turn(session) }
}

/// A session that is not worked in.
pub(super) fn session_without_turn(session: Session) -> pb::Session {
    pb::Session {
        id: session.id,
        user_id: session.user_id,
        create_time: Some(clock::timestamp(session.created_at)),
        update_time: Some(clock::timestamp(session.updated_at)),
        title: session.title,
        has_own_title: session.has_own_title,
        archive_time: session.archived_at.map(clock::timestamp),
        active_turn_id: None,
        version: session.version,
    }
}

pub(super) fn message((message, feedback): (Message, Option<Feedback>)) -> pb::Message {
    pb::Message {
        id: message.id,
        user_id: message.user_id,
        session_id: message.session_id,
        sender: sender(message.sender).into(),
        text: message.text,
        create_time: Some(clock::timestamp(message.created_at)),
        turn_id: message.turn_id,
        shown: message.shown,
        feedback: feedback.map(|opinion| pb::Feedback {
            rating: match opinion.rating {
                Rating::Up => pb::Rating::Up.into(),
                Rating::Down => pb::Rating::Down.into(),
            },
            comment: opinion.comment,
        }),
    }
}

fn sender(sender: Sender) -> pb::Sender {
    match sender {
        Sender::User => pb::Sender::User,
        Sender::Ai => pb::Sender::Ai,
    }
}

/// What a person thinks of a reply.
pub(super) fn opinion(feedback: pb::Feedback) -> Result<(Rating, String), Error> {
    let rating = match feedback.rating() {
        pb::Rating::Up => Rating::Up,
        pb::Rating::Down => Rating::Down,
        pb::Rating::Unspecified => {
            return Err(Error::FeedbackInvalid("rating", "A rating is up or down."));
        }
    };
    Ok((rating, feedback.comment))
}

pub(super) fn turn(outcome: &Outcome) -> pb::Turn {
    let turn = &outcome.turn;
    let state = match turn.state {
        State::Queued => pb::turn::State::Queued,
        State::Running => pb::turn::State::Running,
        State::Completed => pb::turn::State::Completed,
        State::Failed => pb::turn::State::Failed,
        State::Cancelled => pb::turn::State::Cancelled,
    };
    let failure = turn.failure.map_or(pb::ErrorReason::Unspecified, |failure| match failure {
        Failure::ModelUnavailable => pb::ErrorReason::ModelUnavailable,
        Failure::ModelTimeout => pb::ErrorReason::ModelTimeout,
        Failure::GivenUp => pb::ErrorReason::GivenUp,
    });
    let finish = turn.finish.map_or("", |finish| match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Written => "written",
        Finish::Cancelled => "cancelled",
    });
    let usage = outcome.reply.as_ref().map(|_| pb::Usage {
        prompt_tokens: turn.prompt_tokens,
        reply_tokens: turn.reply_tokens,
        is_estimated: turn.is_estimated,
    });
    pb::Turn {
        id: turn.id,
        user_id: turn.user_id,
        session_id: turn.session_id,
        parent_turn_id: turn.parent_id,
        user_message_id: turn.user_message_id(),
        ai_message_id: outcome.reply.as_ref().map(|reply| reply.id),
        state: state.into(),
        attempt: turn.attempt.unsigned_abs(),
        failure: failure.into(),
        finish_reason: finish.to_owned(),
        usage,
        shown: turn.shown,
        create_time: Some(clock::timestamp(turn.created_at)),
        end_time: turn.ended_at.map(clock::timestamp),
        safety: turn.notice().as_ref().map(safety::notice),
    }
}

/// An attempt as a caller names it.
pub(super) fn attempt(attempt: u32) -> i32 {
    i32::try_from(attempt).unwrap_or(i32::MAX)
}

/// Which messages are asked for.
pub(super) fn span(asked: &pb::ListMessagesRequest) -> Result<Span, Error> {
    let token = pages::after(&asked.page_token)?;
    if token.is_some() && asked.before_id.is_some() {
        return Err(Error::PageInvalid("Pages go on forwards, not before a message."));
    }
    Ok(Span {
        after: token.or(asked.after_id),
        before: asked.before_id,
        size: ROWS.of(asked.page_size)?,
        all_branches: asked.all_branches,
        known_version: asked.known_version,
    })
}

/// A page of messages, of at most so many bytes of text.
pub(super) fn listed(listed: Listed, span: Span, most_bytes: usize) -> pb::ListMessagesResponse {
    let Listed { messages: mut found, mut has_more, version } = listed;
    let not_modified = span.known_version == Some(version);
    let backward = span.before.is_some();
    if backward {
        found.reverse();
    }
    let (all, mut bytes) = (found.len(), 0);
    let fitting = found.into_iter().take_while(|(message, _)| {
        let fits = bytes == 0 || bytes + message.text.len() <= most_bytes;
        bytes += message.text.len().max(1);
        fits
    });
    let mut messages: Vec<_> = fitting.map(message).collect();
    has_more = has_more || messages.len() < all;
    if backward {
        messages.reverse();
    }
    let last = messages.last().filter(|_| has_more && !backward);
    pb::ListMessagesResponse {
        next_page_token: last.map(|last| pages::token_after(last.id)).unwrap_or_default(),
        has_more_before: has_more && backward,
        messages,
        version,
        not_modified,
    }
}

pub(super) fn hit(hit: Hit) -> pb::search_messages_response::Hit {
    let Hit { message: found, snippet } = hit;
    pb::search_messages_response::Hit { message: Some(message(found)), snippet }
}

pub(super) fn context(context: Context) -> pb::GetContextResponse {
    let Context { prompt, window } = context;
    let count = |tokens: usize| i64::try_from(tokens).unwrap_or(i64::MAX);
    let (prompt_tokens, is_cut) = (count(prompt.tokens()), prompt.is_cut);
    let entry = |role: &str, content: String| {
        let role = role.to_owned();
        pb::get_context_response::Entry { role, content }
    };
    let said = prompt.messages.into_iter().map(|message| match message.sender {
        Sender::User => entry("user", message.text),
        Sender::Ai => entry("assistant", message.text),
    });
    let system = entry("system", prompt.system);
    pb::GetContextResponse {
        entries: std::iter::once(system).chain(said).collect(),
        window_tokens: count(window.all),
        reply_tokens: count(window.reply),
        reserve_tokens: count(window.reserve),
        prompt_tokens,
        is_cut,
    }
}

pub(super) fn day(day: UsageDay) -> pb::DayUsage {
    let usage = pb::Usage {
        prompt_tokens: day.prompt_tokens,
        reply_tokens: day.reply_tokens,
        is_estimated: day.is_estimated,
    };
    pb::DayUsage { day: day.day, turns: day.turns, usage: Some(usage) }
}

pub(super) fn limits(allowances: &[Allowance]) -> Vec<pb::RateLimit> {
    let limit = |left: &Allowance| pb::RateLimit {
        policy: left.policy.name().to_owned(),
        quota: left.quota,
        remaining: left.remaining,
        reset: left.reset.map(clock::duration),
    };
    allowances.iter().map(limit).collect()
}

/// A time to wait, for an event.
pub(super) fn wait(delay: Option<Duration>) -> Option<prost_types::Duration> {
    delay.map(clock::duration)
}
