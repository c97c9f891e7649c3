//! What the database of conversations has of what people said, and of what they were answered.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::Apart;

/// For turns that were cut off to be answered after all: a lease runs out after 10 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often each text stands in a database as something that was said, and how often as something that was
/// answered.
#[derive(Debug)]
pub struct Kept {
    said: HashMap<String, i64>,
    answered: HashMap<String, i64>,
}

impl Kept {
    /// What is there once nothing is at work any more. Answers are counted that say `reply` and nothing else.
    pub async fn in_the_end(apart: &Apart, reply: &str) -> Self {
        let database = apart.connect("chat").await;
        let (begun, open) =
            (Instant::now(), "SELECT COUNT(*) FROM turns WHERE state IN ('queued', 'running')");
        while scratch::number(&database, open).await > 0 {
            assert!(begun.elapsed() < PATIENCE, "turns are still open");
            // Other processes write there, and tell nobody: one can only look again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let said = "SELECT text AS name, COUNT(*) AS count FROM messages WHERE sender = 'user' \
                    GROUP BY text";
        let answered = format!(
            "SELECT asked.text AS name, COUNT(*) AS count FROM messages AS asked \
             JOIN messages AS answered ON answered.turn_id = asked.turn_id \
             WHERE asked.sender = 'user' AND answered.sender = 'ai' AND answered.text = '{reply}' \
             GROUP BY asked.text"
        );
        let said = scratch::counts(&database, said).await;
        let kept = Self { said, answered: scratch::counts(&database, &answered).await };
        database.close().await.expect("an end");
        kept
    }

    /// How many of these have no answer.
    #[must_use]
    pub fn lost(&self, acknowledged: &[String]) -> usize {
        acknowledged.iter().filter(|text| !self.answered.contains_key(*text)).count()
    }

    /// How many texts, each of which was sent under one name, are there more than once, or were answered more
    /// than once.
    #[must_use]
    pub fn twice(&self) -> usize {
        self.said.values().chain(self.answered.values()).filter(|count| **count > 1).count()
    }

    /// How many texts were said, and how many of them were answered.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.said.len(), self.answered.len())
    }
}
