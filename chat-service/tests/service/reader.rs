//! Somebody who reads a reply while it is made.

use proto::chat::v1::turn_event::{Accepted, Disclosure, Event};
use proto::chat::v1::{
    EditMessageRequest, ErrorReason, RegenerateReplyRequest, Safety, SendMessageRequest, Turn,
    TurnEvent, WatchTurnRequest,
};
use tonic::{Response, Status, Streaming};

use super::harness::Person;

/// Somebody who reads a reply while it is made.
pub(crate) struct Reader {
    events: Streaming<TurnEvent>,
    pub(crate) turn_id: i64,
    /// Where they are: attempt and offset.
    pub(crate) cursor: (u32, u64),
    /// What they have read.
    pub(crate) text: String,
    pub(crate) accepted: Option<Accepted>,
    /// What was noticed, the last of it last.
    pub(crate) safety: Vec<Safety>,
    /// What they were told about what it is they talk to.
    pub(crate) disclosure: Option<Disclosure>,
    pub(crate) resets: usize,
    /// Every event so far, by its kind.
    pub(crate) told: Vec<&'static str>,
    pub(crate) end: Option<End>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Done(Box<Turn>),
    Failed(ErrorReason),
}

impl Reader {
    pub(crate) fn new(events: Streaming<TurnEvent>) -> Self {
        Self {
            events,
            turn_id: 0,
            cursor: (0, 0),
            text: String::new(),
            accepted: None,
            safety: Vec::new(),
            disclosure: None,
            resets: 0,
            told: Vec::new(),
            end: None,
        }
    }

    /// Reads one event. False once there are no more.
    pub(crate) async fn read(&mut self) -> bool {
        let Some(event) = self.events.message().await.unwrap() else { return false };
        assert!(self.end.is_none(), "nothing comes after the end");
        // Help that does not wait for its turn names none.
        assert!(event.turn_id == self.turn_id || self.turn_id == 0);
        self.turn_id = event.turn_id;
        let kind = event.event.unwrap();
        self.told.push(name(&kind));
        match kind {
            Event::Accepted(accepted) => {
                assert!(self.accepted.is_none() && self.text.is_empty());
                self.accepted = Some(accepted);
            }
            Event::Safety(safety) => {
                self.safety.push(safety);
                return true;
            }
            Event::Disclosure(disclosure) => {
                assert!(self.disclosure.is_none(), "it is told once");
                self.disclosure = Some(disclosure);
                return true;
            }
            Event::Delta(delta) => self.text.push_str(&delta.text),
            Event::Reset(_) => {
                self.resets += 1;
                self.text.clear();
            }
            Event::Done(done) => self.end = Some(End::Done(Box::new(done.turn.unwrap()))),
            Event::Failed(failed) => self.end = Some(End::Failed(failed.reason())),
        }
        self.cursor = (event.attempt, event.offset);
        assert_eq!(self.cursor.1, self.text.len() as u64, "the offset is what was told");
        true
    }

    /// Reads to the end.
    pub(crate) async fn read_on(&mut self) {
        while self.read().await {}
        assert!(self.end.is_some(), "it should have an end");
    }

    /// Reads until so much of the reply is there.
    pub(crate) async fn read_words(&mut self, bytes: usize) {
        while self.text.len() < bytes {
            assert!(self.read().await, "there is no more than {:?}", self.text);
        }
    }

    /// The turn as it ended with a reply.
    pub(crate) fn done(&self) -> &Turn {
        match &self.end {
            Some(End::Done(turn)) => turn,
            other => unreachable!("not done: {other:?}"),
        }
    }
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Accepted(_) => "accepted",
        Event::Safety(_) => "safety",
        Event::Disclosure(_) => "disclosure",
        Event::Delta(_) => "delta",
        Event::Reset(_) => "reset",
        Event::Done(_) => "done",
        Event::Failed(_) => "failed",
    }
}

impl Person {
    pub(crate) async fn stream_in(
        &self,
        session_id: Option<i64>,
        text: &str,
        request_id: &str,
    ) -> Result<Reader, Status> {
        let (text, request_id) = (text.to_owned(), request_id.to_owned());
        let request = self.asks(SendMessageRequest { session_id, text, request_id });
        let events = self.client.clone().stream_message(request).await;
        events.map(Response::into_inner).map(Reader::new)
    }

    /// Says something in the latest session and reads along.
    pub(crate) async fn stream(&self, text: &str) -> Reader {
        self.stream_in(None, text, "").await.unwrap()
    }

    /// Reads a reply from a place on, with what was read before.
    pub(crate) async fn resume(
        &self,
        turn_id: i64,
        cursor: (u32, u64),
        text: &str,
    ) -> Result<Reader, Status> {
        let (attempt, offset) = cursor;
        let request = self.asks(WatchTurnRequest { turn_id, attempt, offset, from_start: false });
        let events = self.client.clone().watch_turn(request).await?.into_inner();
        Ok(Reader { turn_id, cursor, text: text.to_owned(), ..Reader::new(events) })
    }

    /// Reads a reply from the beginning.
    pub(crate) async fn watch(&self, turn_id: i64) -> Reader {
        self.resume(turn_id, (0, 0), "").await.unwrap()
    }

    pub(crate) async fn regenerate(&self, turn_id: i64) -> Result<Reader, Status> {
        let request = self.asks(RegenerateReplyRequest { turn_id, ..Default::default() });
        let events = self.client.clone().regenerate_reply(request).await;
        events.map(Response::into_inner).map(Reader::new)
    }

    pub(crate) async fn edit(&self, message_id: i64, text: &str) -> Result<Reader, Status> {
        let request = EditMessageRequest { message_id, text: text.into(), ..Default::default() };
        let events = self.client.clone().edit_message(self.asks(request)).await;
        events.map(Response::into_inner).map(Reader::new)
    }
}
