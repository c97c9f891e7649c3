//! The work on a turn: asking the buddy, and ending the turn with what it said.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chassis::clock;
use futures_util::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::Turns;
use super::registry::Live;
use crate::buddy::{self, Answer};
use crate::draft::{Draft, End};
use crate::error::Error;
use crate::prompt::{self, Prompt};
use crate::safety;
use crate::store::{Failure, Finish, Lease, Reply, Sender, Turn, Usage};

/// A turn is worked on so often at most: whatever takes its process down each time would do so for
/// ever.
const MOST_CLAIMS: i32 = 20;

/// Why the buddy gave no answer.
struct Silence {
    failure: Failure,
    retry_after: Option<Duration>,
}

impl From<Failure> for Silence {
    fn from(failure: Failure) -> Self {
        Self { failure, retry_after: None }
    }
}

impl Turns {
    /// Works on a turn, and on those in line behind it.
    pub(super) async fn work(&self, turn: Turn, live: Live, place: Option<OwnedSemaphorePermit>) {
        // One that was taken on already waits for its place as long as it takes.
        let _place = match place {
            Some(place) => Some(place),
            None => self.places.clone().acquire_owned().await.ok(),
        };
        let mut next = Some((turn, live));
        while let Some((turn, live)) = next.take() {
            let follower = self.work_on(turn, live).await;
            next = follower.map(|turn| {
                let live = self.registry.open(&turn);
                (turn, live)
            });
        }
    }

    /// Works on a turn. Returns the next of its session.
    async fn work_on(&self, turn: Turn, live: Live) -> Option<Turn> {
        let answer = tokio::select! {
            biased;
            () = live.stop.cancelled() => return None,
            answer = self.answer(&turn, &live.draft) => answer,
        };
        let (id, claims, now) = (turn.id, turn.claims, clock::now());
        let lease = Lease::of(self.owner, now);
        let (ended, retry_after) = match answer {
            Ok(reply) => (self.store.complete(turn, reply, lease, now).await, None),
            Err(Silence { failure, retry_after }) => {
                (self.store.fail(turn, failure, lease, now).await, retry_after)
            }
        };
        match ended {
            Ok(Some(mut ended)) => {
                ended.outcome.retry_after = retry_after;
                self.registry.close(id, claims, End::Stored(Box::new(ended.outcome)));
                ended.next
            }
            Ok(None) => {
                self.registry.close(id, claims, End::Elsewhere);
                None
            }
            Err(error) => {
                // Its lease runs out, and it is picked up again.
                tracing::error!(turn.id = id, %error, "a turn could not be ended");
                self.registry.close(id, claims, End::Elsewhere);
                None
            }
        }
    }

    async fn answer(&self, turn: &Turn, draft: &Draft) -> Result<Reply, Silence> {
        if turn.claims > MOST_CLAIMS {
            tracing::error!(turn.id = turn.id, "a turn is given up");
            return Err(Failure::GivenUp.into());
        }
        let prompt = self.prompt(turn).await.map_err(|error| {
            tracing::error!(turn.id = turn.id, %error, "a conversation could not be read");
            Silence::from(Failure::ModelUnavailable)
        })?;
        let danger = safety::screen(prompt.newest());
        let answer = self.ask(prompt, draft);
        let answer = if danger.is_some() {
            // Whoever is in danger does not wait for a model that takes its time.
            let answer = tokio::time::timeout(self.crisis_patience, answer).await;
            answer.unwrap_or(Err(Failure::ModelTimeout.into()))
        } else {
            answer.await
        };
        match (answer, danger) {
            (Ok(reply), _) => Ok(reply),
            (Err(silence), None) => Err(silence),
            // A person in danger gets words and help, not an error, whatever failed.
            (Err(silence), Some(danger)) => {
                let why = silence.failure;
                tracing::warn!(turn.id = turn.id, ?why, "the written crisis reply was given");
                draft.restart();
                draft.push(danger.reply());
                let ((attempt, text), usage) = (draft.told(), Usage::default());
                Ok(Reply { attempt, text, finish: Finish::Written, usage })
            }
        }
    }

    async fn prompt(&self, turn: &Turn) -> Result<Prompt, Error> {
        let budget = self.window.budget();
        let (said, is_cut) = self.store.said_up_to(turn, budget).await?;
        match said.last() {
            Some(last) if last.sender == Sender::User => Ok(Prompt::assemble(said, is_cut, budget)),
            _ => Err(Error::MessageNotFound),
        }
    }

    async fn ask(&self, mut prompt: Prompt, draft: &Draft) -> Result<Reply, Silence> {
        let mut answer = self.ask_once(&prompt, draft).await;
        if matches!(answer, Err(buddy::Failure::TooLong)) {
            // Our estimate was too low for this model.
            prompt = prompt.shrink();
            answer = self.ask_once(&prompt, draft).await;
        }
        let Answer { finish, usage } = answer.map_err(|failure| match failure {
            buddy::Failure::Timeout => Silence::from(Failure::ModelTimeout),
            buddy::Failure::TooLong => Silence::from(Failure::ModelUnavailable),
            buddy::Failure::Unavailable { retry_after } => {
                Silence { failure: Failure::ModelUnavailable, retry_after }
            }
        })?;
        let (attempt, text) = draft.told();
        let count = |tokens| i64::try_from(tokens).unwrap_or(i64::MAX);
        let usage = usage.unwrap_or_else(|| Usage {
            prompt_tokens: count(prompt.tokens()),
            reply_tokens: count(prompt::tokens(&text)),
            is_estimated: true,
        });
        Ok(Reply { attempt, text, finish, usage })
    }

    async fn ask_once(&self, prompt: &Prompt, draft: &Draft) -> Result<Answer, buddy::Failure> {
        // A client library that panics must not take the turn with it.
        let answer = AssertUnwindSafe(self.buddy.reply(prompt, draft)).catch_unwind().await;
        answer.unwrap_or(Err(buddy::Failure::Unavailable { retry_after: None }))
    }
}
