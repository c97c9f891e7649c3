//! What happens when a message shows that its person, or somebody else, may be in danger.

mod conversation;
mod disclosure;
mod notices;
mod outage;
mod records;
mod replies;
mod verdict;
mod written;

use openai_stub::Stub;
use proto::chat::v1::Safety;
use proto::chat::v1::safety::{Display, Tier};

use super::harness::Person;
use super::reader::Reader;

/// The plainest there is.
const DANGER: &str = "I want to kill myself";
/// What a conversation is noticed by that is not about the person.
const FRIEND: &str = "my friend wants to kill herself";
/// A hint, and no more.
const HINT: &str = "I can't go on like this";

impl Person {
    /// Says something in the latest session and reads the answer to its end.
    async fn tell(&self, text: &str) -> Reader {
        let mut reader = self.stream(text).await;
        reader.read_on().await;
        reader
    }
}

/// How grave it was found, and how help is shown; `None` if there was nothing to find.
fn shown(reader: &Reader) -> Option<(Tier, Display)> {
    reader.safety.last().map(|safety| (safety.tier(), safety.display()))
}

/// The country that help is for; empty for what fits everywhere.
fn region(safety: &Safety) -> &str {
    &safety.resources.as_ref().unwrap().region
}

/// What the model was told beside the conversation when it was last asked.
fn instructions(stub: &Stub) -> String {
    stub.heard().pop().unwrap().messages.swap_remove(0).1
}
