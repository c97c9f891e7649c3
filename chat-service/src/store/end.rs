//! How a turn ends: its reply, its costs and the start of the next one, in one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DatabaseTransaction,
    EntityTrait as _, QueryFilter as _, Set,
};

use super::{
    Failure, Finish, Lease, Message, Sender, State, Store, Turn, Usage, claims, message,
    owned_turn, person, touch, turn, usage,
};
use crate::error::Error;
use crate::prompt;
use crate::safety::Notice;

/// What a turn ends with.
#[derive(Clone)]
pub(crate) struct Reply {
    /// The attempt that made it.
    pub(crate) attempt: i32,
    pub(crate) text: String,
    pub(crate) finish: Finish,
    pub(crate) usage: Usage,
    /// What was noticed while it was made.
    pub(crate) raised: Option<Notice>,
}

/// A turn as it ended, or as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) turn: Turn,
    pub(crate) reply: Option<Message>,
    /// When it is worth trying again, if that is known: it is not kept.
    pub(crate) retry_after: Option<Duration>,
}

/// A turn that ended, and the one whose turn it is now, to be answered by the caller.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) next: Option<Turn>,
}

/// What was said of a reply so far.
#[derive(Clone, Default)]
pub(crate) struct Told {
    pub(crate) attempt: i32,
    pub(crate) text: String,
    /// What the model was sent for it, by our estimate.
    pub(crate) prompt_tokens: i64,
}

/// What of a reply is kept when it is stopped.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keep {
    /// The attempt that was being read; zero for whatever is being told.
    pub(crate) attempt: i32,
    /// Bytes of it that were read; `None` for all there are.
    pub(crate) offset: Option<usize>,
}

impl Keep {
    /// The part of a text that was read.
    fn of(self, attempt: i32, mut text: String) -> String {
        if self.attempt != 0 && self.attempt != attempt {
            return String::new();
        }
        if let Some(offset) = self.offset {
            text.truncate(text.floor_char_boundary(offset));
        }
        text
    }
}

/// How a turn ends.
#[derive(Clone)]
struct Ending {
    state: State,
    /// The attempt it came to.
    attempt: i32,
    failure: Option<Failure>,
    reply: Option<Reply>,
}

impl Store {
    /// Ends a turn with a reply. `None`: it is no longer the caller's to end.
    pub(crate) async fn complete(
        &self,
        turn: Turn,
        reply: Reply,
        lease: Lease,
        now: DateTime<Utc>,
    ) -> Result<Option<Ended>, Error> {
        let (attempt, reply) = (reply.attempt, Some(reply));
        let ending = Ending { state: State::Completed, attempt, failure: None, reply };
        self.end(turn, ending, lease, now).await
    }

    /// Gives a turn up. Its message stays. `None`: it is no longer the caller's to end.
    pub(crate) async fn fail(
        &self,
        turn: Turn,
        (failure, attempt): (Failure, i32),
        lease: Lease,
        now: DateTime<Utc>,
    ) -> Result<Option<Ended>, Error> {
        let failure = Some(failure);
        let ending = Ending { state: State::Failed, attempt, failure, reply: None };
        self.end(turn, ending, lease, now).await
    }

    async fn end(
        &self,
        turn: Turn,
        ending: Ending,
        lease: Lease,
        now: DateTime<Utc>,
    ) -> Result<Option<Ended>, Error> {
        self.database
            .write_patiently(move |tx| {
                async move {
                    person::lock(turn.user_id).hold(tx).await?;
                    let Some(outcome) = conclude(tx, &turn, ending, now).await? else {
                        return Ok(None);
                    };
                    let next = claims::promote(tx, &outcome.turn, lease).await?;
                    Ok(Some(Ended { outcome, next }))
                }
                .boxed()
            })
            .await
    }

    /// Stops a turn and keeps what was read of it: of `told`, if whoever answers it is here, or
    /// else of what is on disk. A turn that has ended stays as it is.
    pub(crate) async fn cancel(
        &self,
        (user_id, turn_id): (i64, i64),
        keep: Keep,
        told: Option<Told>,
        lease: Lease,
        now: DateTime<Utc>,
    ) -> Result<Ended, Error> {
        self.of(user_id)
            .write_patiently(move |tx| {
                async move {
                    let turn = owned_turn(tx, user_id, turn_id).await?;
                    if turn.has_ended() {
                        return Ok(Ended { outcome: outcome(tx, turn).await?, next: None });
                    }
                    let outcome = stop(tx, &turn, keep, told, now).await?;
                    let next = claims::promote(tx, &outcome.turn, lease).await?;
                    Ok(Ended { outcome, next })
                }
                .boxed()
            })
            .await
    }
}

/// Ends a turn that is open with what was read of it.
pub(super) async fn stop(
    tx: &DatabaseTransaction,
    turn: &Turn,
    keep: Keep,
    told: Option<Told>,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let written = || Told { attempt: turn.attempt, text: turn.partial.clone(), prompt_tokens: 0 };
    let Told { attempt, text, prompt_tokens } = told.unwrap_or_else(written);
    let text = keep.of(attempt, text);
    let usage = Usage {
        prompt_tokens,
        reply_tokens: i64::try_from(prompt::tokens(&text)).unwrap_or(i64::MAX),
        is_estimated: true,
    };
    let reply = Reply { attempt, text, finish: Finish::Cancelled, usage, raised: None };
    let reply = Some(reply).filter(|reply| !reply.text.trim().is_empty());
    let ending = Ending { state: State::Cancelled, attempt, failure: None, reply };
    conclude(tx, turn, ending, now).await?.ok_or(Error::TurnNotFound)
}

/// Ends a turn that begins in this transaction with a reply.
pub(super) async fn answer(
    tx: &DatabaseTransaction,
    turn: Turn,
    reply: Reply,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let (attempt, reply) = (reply.attempt, Some(reply));
    let ending = Ending { state: State::Completed, attempt, failure: None, reply };
    conclude(tx, &turn, ending, now).await?.ok_or(Error::TurnNotFound)
}

/// Ends a turn if it is still as the caller knows it: whoever claimed it meanwhile goes on.
async fn conclude(
    tx: &DatabaseTransaction,
    turn: &Turn,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<Option<Outcome>, Error> {
    let Ending { state, attempt, failure, reply } = ending;
    let stopped = (state == State::Cancelled).then_some(Finish::Cancelled);
    let finish = reply.as_ref().map(|reply| reply.finish).or(stopped);
    let usage = reply.as_ref().map(|reply| reply.usage).unwrap_or_default();
    let row = turn::ActiveModel {
        state: Set(state),
        // Never lower than it was: a reader's place in one attempt must not fit into another.
        attempt: Set(attempt.max(turn.attempt)),
        failure: Set(failure),
        finish: Set(finish),
        prompt_tokens: Set(usage.prompt_tokens),
        reply_tokens: Set(usage.reply_tokens),
        is_estimated: Set(usage.is_estimated),
        partial: Set(String::new()),
        ended_at: Set(Some(now)),
        ..Default::default()
    };
    let row = match reply.as_ref().and_then(|reply| reply.raised.as_ref()) {
        Some(raised) => row.notice(Some(raised), raised.whereabouts()),
        None => row,
    };
    let ended = turn::Entity::update_many()
        .filter(turn::Column::Id.eq(turn.id))
        .filter(turn::Column::Claims.eq(turn.claims))
        .filter(turn::is_open())
        .set(row)
        .exec_with_returning(tx)
        .await?;
    let Some(ended) = ended.into_iter().next() else { return Ok(None) };
    let reply = match reply {
        Some(reply) => {
            Some(said(&ended, Sender::Ai, ended.reply_id(), reply.text, now).insert(tx).await?)
        }
        None => None,
    };
    if usage != Usage::default() {
        usage::add_tokens(tx, ended.user_id, usage, now).await?;
    }
    touch(tx, ended.session_id, Some(now)).await?;
    Ok(Some(Outcome { turn: ended, reply, retry_after: None }))
}

/// A turn and its reply.
pub(super) async fn outcome(
    connection: &impl ConnectionTrait,
    turn: Turn,
) -> Result<Outcome, Error> {
    let reply = if turn.has_ended() {
        message::Entity::find()
            .filter(message::Column::TurnId.eq(turn.id))
            .filter(message::Column::Sender.eq(Sender::Ai))
            .one(connection)
            .await?
    } else {
        None
    };
    Ok(Outcome { turn, reply, retry_after: None })
}

/// Something said in a turn.
pub(super) fn said(
    turn: &Turn,
    sender: Sender,
    id: i64,
    text: String,
    now: DateTime<Utc>,
) -> message::ActiveModel {
    message::ActiveModel {
        id: Set(id),
        user_id: Set(turn.user_id),
        session_id: Set(turn.session_id),
        turn_id: Set(turn.id),
        sender: Set(sender),
        text: Set(text),
        shown: Set(turn.shown),
        created_at: Set(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_read_and_never_half_a_character() {
        let text = || "Ich hör dir zu".to_owned();
        let keep = |attempt, offset| Keep { attempt, offset }.of(2, text());
        assert_eq!(keep(2, Some(6)), "Ich h", "not half an ö");
        assert_eq!(keep(2, Some(7)), "Ich hö");
        assert_eq!(keep(0, Some(3)), "Ich");
        assert_eq!(keep(0, None), text());
        assert_eq!(keep(2, Some(999)), text());
        assert_eq!(keep(1, Some(3)), "", "what was read is gone");
    }
}
