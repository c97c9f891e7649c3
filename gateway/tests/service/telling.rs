//! What a turn's stream tells, and how a client reads it.

use futures_util::stream::{self, StreamExt as _};
use proto::chat::v1::turn_event::{Accepted, Delta, Disclosure, Done, Event, Failed, Reset};
use proto::chat::v1::{ErrorReason, Safety, Turn, TurnEvent, Usage};
use reqwest::Response;
use serde_json::Value;
use tonic::Status;

use super::rpc::PATIENCE;
use super::services::{Events, turn};

fn event(attempt: u32, offset: u64, event: Event) -> TurnEvent {
    TurnEvent { turn_id: 5, attempt, offset, event: Some(event) }
}

pub(crate) fn accepted() -> TurnEvent {
    accepted_as(Accepted::default())
}

pub(crate) fn accepted_as(accepted: Accepted) -> TurnEvent {
    event(1, 0, Event::Accepted(Accepted { session_id: 1, user_message_id: 8, ..accepted }))
}

pub(crate) fn noticed(safety: Safety) -> TurnEvent {
    event(0, 0, Event::Safety(safety))
}

/// Help that does not wait for its turn.
pub(crate) fn help() -> TurnEvent {
    TurnEvent { turn_id: 0, ..noticed(Safety { tier: 3, ..Safety::default() }) }
}

pub(crate) fn disclosed(disclosure: Disclosure) -> TurnEvent {
    event(0, 0, Event::Disclosure(disclosure))
}

pub(crate) fn delta(offset: u64, text: &str) -> TurnEvent {
    event(1, offset, Event::Delta(Delta { text: text.to_owned(), padding: vec![0; 16] }))
}

pub(crate) fn reset(attempt: u32) -> TurnEvent {
    event(attempt, 0, Event::Reset(Reset {}))
}

pub(crate) fn done() -> TurnEvent {
    let usage = Usage { prompt_tokens: 30, reply_tokens: 2, is_estimated: true };
    let finish_reason = "stop".to_owned();
    done_as(Turn { ai_message_id: Some(9), finish_reason, usage: Some(usage), ..turn() })
}

pub(crate) fn done_as(turn: Turn) -> TurnEvent {
    event(1, 5, Event::Done(Done { turn: Some(turn) }))
}

pub(crate) fn failed(reason: ErrorReason, seconds: Option<i64>) -> TurnEvent {
    let retry_after = seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 });
    event(1, 5, Event::Failed(Failed { reason: reason.into(), retry_after }))
}

/// Tells this, and is over.
pub(crate) fn tells(events: Vec<TurnEvent>) -> Events {
    stream::iter(events.into_iter().map(Ok)).boxed()
}

/// Tells this, and breaks off.
pub(crate) fn breaks(events: Vec<TurnEvent>, status: Status) -> Events {
    tells(events).chain(stream::iter([Err(status)])).boxed()
}

/// Tells this, and then nothing for ever.
pub(crate) fn stays(events: Vec<TurnEvent>) -> Events {
    tells(events).chain(stream::pending()).boxed()
}

/// An event as a client reads it.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
    /// All its lines, and the empty one after them.
    pub(crate) bytes: usize,
}

/// Reads a stream without its comments and without what it says to browsers.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let whole = text.strip_suffix("\n\n").expect("whole blocks");
    let blocks = whole.split("\n\n").filter(|block| block.starts_with("event: "));
    blocks
        .map(|block| {
            let line = |name: &str| {
                let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
                let line = lines.next().expect("a line").to_owned();
                assert_eq!(lines.next(), None, "{block}");
                line
            };
            let (name, id, data) = (line("event: "), line("id: "), line("data: "));
            let data = serde_json::from_str(&data).expect("data in JSON");
            Block { name, id, data, bytes: block.len() + 2 }
        })
        .collect()
}

/// A stream that is read while it goes on.
pub(crate) struct Live {
    response: Response,
    heard: String,
}

impl Live {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, heard: String::new() }
    }

    /// Reads until `end` has come, `times` times in all.
    pub(crate) async fn until(&mut self, end: &str, times: usize) -> &str {
        while self.heard.matches(end).count() < times {
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("more in time").unwrap().expect("more of the stream");
            self.heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        &self.heard
    }

    /// Reads to the end.
    pub(crate) async fn rest(mut self) -> String {
        while let Some(chunk) = tokio::time::timeout(PATIENCE, self.response.chunk())
            .await
            .expect("an end in time")
            .unwrap()
        {
            self.heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        self.heard
    }
}
