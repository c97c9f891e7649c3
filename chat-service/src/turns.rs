//! Turns: one message and the one reply to it.
//!
//! The message is committed before the model is asked, and no database connection is held while it
//! answers. From then on the turn runs by itself: a caller who hangs up changes nothing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chassis::clock;
use chassis::tasks::Tasks;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use crate::buddy::{Buddy, Failure};
use crate::config::TurnsConfig;
use crate::error::Error;
use crate::prompt::Prompt;
use crate::safety;
use crate::store::{Accepted, Message, Store};

/// How long a turn may take before somebody else may believe that its process died. Longer than
/// the model's total limit, so that a living turn is never taken for a dead one.
const LEASE: Duration = Duration::from_secs(90);
/// When to come back if the model did not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A turn that was completed.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) user_message: Message,
    pub(crate) ai_message: Message,
}

/// Runs turns. Clones share the places.
#[derive(Clone)]
pub(crate) struct Turns {
    store: Store,
    buddy: Arc<Buddy>,
    tasks: Tasks,
    places: Arc<Semaphore>,
    crisis_patience: Duration,
    prompt_tokens: usize,
}

impl Turns {
    pub(crate) fn new(store: Store, buddy: Buddy, tasks: Tasks, config: &TurnsConfig) -> Self {
        Self {
            store,
            buddy: Arc::new(buddy),
            tasks,
            places: Arc::new(Semaphore::new(config.at_once)),
            crisis_patience: config.crisis_patience,
            prompt_tokens: config.prompt_tokens,
        }
    }

    /// Takes a message in, has it answered, and returns both.
    pub(crate) async fn take(
        &self,
        user_id: i64,
        session_id: Option<i64>,
        text: String,
        now: DateTime<Utc>,
    ) -> Result<Exchange, Error> {
        // Before any gate: whoever is in danger is not turned away for want of a place.
        let danger = safety::screen(&text);
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) if danger.is_some() => None,
            Err(_) => return Err(Error::Overloaded),
        };
        // A task of its own from the first step on: a caller who hangs up while the message is being
        // stored must still find a reply.
        let turns = self.clone();
        let task = self.tasks.spawn(async move {
            let lease = now + LEASE;
            let accepted = turns.store.accept(user_id, session_id, text, lease, now).await?;
            let answer = match (&place, danger) {
                (None, _) => Err(Error::Overloaded),
                (Some(_), None) => turns.answer(&accepted.user_message).await,
                (Some(_), Some(_)) => turns.answer_soon(&accepted.user_message).await,
            };
            turns.end(accepted, answer, danger).await
        });
        task.await?
    }

    async fn end(
        &self,
        accepted: Accepted,
        answer: Result<String, Error>,
        danger: Option<safety::Danger>,
    ) -> Result<Exchange, Error> {
        let turn_id = accepted.turn_id;
        let reply = match (answer, danger) {
            (Ok(text), _) => text,
            // A person in danger gets words and help, not an error, whatever failed.
            (Err(error), Some(danger)) => {
                tracing::warn!(turn.id = turn_id, %error, "the written crisis reply was given");
                danger.reply().to_owned()
            }
            (Err(error), None) => {
                if let Err(worse) = self.store.fail(turn_id, clock::now()).await {
                    tracing::error!(turn.id = turn_id, error = %worse, "a turn could not be given up");
                }
                return Err(error);
            }
        };
        let ai_message = self.store.complete(&accepted.user_message, reply, clock::now()).await?;
        Ok(Exchange { user_message: accepted.user_message, ai_message })
    }

    /// Whoever is in danger does not wait for a model that takes its time.
    async fn answer_soon(&self, message: &Message) -> Result<String, Error> {
        let answer = tokio::time::timeout(self.crisis_patience, self.answer(message));
        answer.await.unwrap_or(Err(Error::ModelTimeout))
    }

    async fn answer(&self, message: &Message) -> Result<String, Error> {
        let history = self.store.history(message, self.prompt_tokens).await?;
        let prompt = Prompt::assemble(history, message, self.prompt_tokens);
        // A client library that panics must not take the turn with it.
        let reply = AssertUnwindSafe(self.buddy.reply(&prompt)).catch_unwind().await;
        let reply = reply.unwrap_or(Err(Failure::Unavailable { retry_after: None }));
        reply.map_err(|failure| match failure {
            Failure::Timeout => Error::ModelTimeout,
            Failure::Unavailable { retry_after } => {
                Error::ModelUnavailable { retry_after: retry_after.unwrap_or(RETRY_AFTER) }
            }
        })
    }
}
