//! The one who answers: a language model, or replies written in advance.

mod breaker;
mod guard;
pub(crate) mod limits;
mod model;
mod offline;
mod verdict;

use std::time::Duration;

use crate::config::BuddyConfig;
use crate::draft::Draft;
use crate::prompt::Prompt;
use crate::safety::{Tier, guard as guarded};
use crate::store::{Finish, Usage};
use model::Model;
use offline::Offline;

/// The one who answers.
pub(crate) enum Buddy {
    /// A language model.
    Model(Box<Model>),
    /// Replies written in advance.
    Offline(Offline),
}

/// Why there is no answer. What the model said about it is not in here: it may quote the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It cannot be reached, refuses, or answers nothing that can be used.
    Unavailable {
        /// When it is worth asking again, if that is known.
        retry_after: Option<Duration>,
    },
    /// It takes too long.
    Timeout,
    /// It takes less at once than it was sent.
    TooLong,
}

/// A whole answer, whose words are in the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) finish: Finish,
    /// What it cost, if the model told.
    pub(crate) usage: Option<Usage>,
    /// What was taken out of it.
    pub(crate) removed: Vec<guarded::Kind>,
}

impl Buddy {
    pub(crate) fn new(config: &BuddyConfig) -> anyhow::Result<Self> {
        Ok(match config {
            BuddyConfig::Offline => Self::Offline(Offline),
            BuddyConfig::Model(model) => Self::Model(Box::new(Model::new(model)?)),
        })
    }

    /// Writes the answer into the draft, word by word.
    pub(crate) async fn reply(&self, prompt: &Prompt, draft: &Draft) -> Result<Answer, Failure> {
        match self {
            Self::Model(model) => model.reply(prompt, draft).await,
            Self::Offline(offline) => Ok(offline.reply(prompt, draft).await),
        }
    }

    /// How grave the model finds what was said. `None` if it does not say, or not in time.
    pub(crate) async fn verdict(&self, prompt: &Prompt) -> Option<Tier> {
        match self {
            Self::Model(model) => model.verdict(prompt).await,
            Self::Offline(_) => None,
        }
    }
}
