//! The work on a turn: asking the buddy, and ending the turn with what it said.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chassis::clock;
use futures_util::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::registry::Live;
use super::{LAST_WORDS, Turns};
use crate::buddy::{self, Answer};
use crate::draft::{Draft, End};
use crate::error::Error;
use crate::prompt::{self, Prompt};
use crate::safety::{self, Danger};
use crate::store::{Failure, Finish, Lease, Reply, Told, Turn, Usage};

/// A turn may take so many processes down: whatever does that each time would do so for ever.
const MOST_CRASHES: i32 = 20;

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

/// The work on one turn. However it ends, also in a panic, the turn is not ours any more afterwards.
struct Post<'a> {
    turns: &'a Turns,
    turn_id: i64,
    claims: i32,
}

impl Drop for Post<'_> {
    fn drop(&mut self) {
        self.turns.registry.close(self.turn_id, self.claims, End::Elsewhere);
    }
}

impl Turns {
    /// Works on a turn, and on those in line behind it. `danger`: what its message was found to say,
    /// if that is known already.
    pub(super) async fn work(
        &self,
        turn: Turn,
        live: Live,
        place: Option<OwnedSemaphorePermit>,
        mut danger: Option<Danger>,
    ) {
        // One that was taken on already waits for its place as long as it takes.
        let _place = match place {
            Some(place) => Some(place),
            None => self.places.clone().acquire_owned().await.ok(),
        };
        let mut next = Some((turn, live));
        while let Some((turn, live)) = next.take() {
            let follower = self.work_on(turn, &live, danger.take()).await;
            next = follower.map(|turn| {
                let live = self.registry.open(&turn);
                (turn, live)
            });
        }
    }

    /// Works on a turn. Returns the next of its session.
    async fn work_on(&self, turn: Turn, live: &Live, danger: Option<Danger>) -> Option<Turn> {
        let (id, claims) = (turn.id, turn.claims);
        let _post = Post { turns: self, turn_id: id, claims };
        let answer = tokio::select! {
            biased;
            () = live.stop.cancelled() => return None,
            answer = self.answer(&turn, &live.draft, danger) => answer,
        };
        let now = clock::now();
        let lease = Lease::of(self.owner, now);
        let attempt = live.draft.attempt();
        let give_up = |failure| self.store.fail(turn.clone(), (failure, attempt), lease, now);
        let (ended, retry_after) = match answer {
            Ok(reply) => match self.store.complete(turn.clone(), reply, lease, now).await {
                // It would be refused again each time that somebody picks it up.
                Err(Error::Storage(error)) if error.is_duplicate() => {
                    tracing::error!(turn.id = id, %error, "a turn has a reply that is not its own");
                    (give_up(Failure::GivenUp).await, None)
                }
                ended => (ended, None),
            },
            Err(Silence { failure, retry_after }) => (give_up(failure).await, retry_after),
        };
        match ended {
            Ok(Some(mut ended)) => {
                ended.outcome.retry_after = retry_after;
                self.registry.close(id, claims, End::Stored(Box::new(ended.outcome)));
                ended.next
            }
            Ok(None) => None,
            Err(error) => {
                // Its lease runs out, and it is picked up again.
                tracing::error!(turn.id = id, %error, "a turn could not be ended");
                None
            }
        }
    }

    async fn answer(
        &self,
        turn: &Turn,
        draft: &Draft,
        danger: Option<Danger>,
    ) -> Result<Reply, Silence> {
        let prompt = self.prompt(turn).await;
        let newest = prompt.as_ref().ok().and_then(|prompt| safety::screen(prompt.newest()));
        let danger = danger.or(newest);
        let answer = match prompt {
            Err(error) => {
                tracing::error!(turn.id = turn.id, %error, "a conversation could not be read");
                Err(Failure::ModelUnavailable.into())
            }
            Ok(_) if turn.crashes >= MOST_CRASHES => {
                tracing::error!(turn.id = turn.id, "a turn is given up");
                Err(Failure::GivenUp.into())
            }
            Ok(prompt) if danger.is_some() => self.ask_soon(prompt, draft).await,
            Ok(prompt) => self.ask(prompt, draft).await,
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
                let (Told { attempt, text, .. }, usage) = (draft.told(), Usage::default());
                Ok(Reply { attempt, text, finish: Finish::Written, usage })
            }
        }
    }

    /// Whoever is in danger does not wait for a model that takes its time, and is not put off until
    /// the next start when this process stops.
    async fn ask_soon(&self, prompt: Prompt, draft: &Draft) -> Result<Reply, Silence> {
        let last_words = async {
            self.leaving.cancelled().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            answer = self.ask(prompt, draft) => answer,
            () = tokio::time::sleep(self.crisis_patience) => Err(Failure::ModelTimeout.into()),
            () = last_words => Err(Failure::ModelTimeout.into()),
        }
    }

    async fn prompt(&self, turn: &Turn) -> Result<Prompt, Error> {
        let budget = self.window.budget();
        let (said, is_cut) = self.store.said_up_to(turn, budget).await?;
        match said.last() {
            Some(last) if last.id == turn.user_message_id() => {
                Ok(Prompt::assemble(said, is_cut, budget))
            }
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
        let Told { attempt, text, prompt_tokens } = draft.told();
        let usage = usage.unwrap_or_else(|| Usage {
            prompt_tokens,
            reply_tokens: i64::try_from(prompt::tokens(&text)).unwrap_or(i64::MAX),
            is_estimated: true,
        });
        Ok(Reply { attempt, text, finish, usage })
    }

    async fn ask_once(&self, prompt: &Prompt, draft: &Draft) -> Result<Answer, buddy::Failure> {
        draft.asked(i64::try_from(prompt.tokens()).unwrap_or(i64::MAX));
        // A client library that panics must not take the turn with it.
        let answer = AssertUnwindSafe(self.buddy.reply(prompt, draft)).catch_unwind().await;
        answer.unwrap_or(Err(buddy::Failure::Unavailable { retry_after: None }))
    }
}
