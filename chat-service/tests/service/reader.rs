//! Somebody who reads a reply while it is made.

use proto::chat::v1::turn_event::{Accepted, Event};
use proto::chat::v1::{
    EditMessageRequest, ErrorReason, RegenerateReplyRequest, SendMessageRequest, Turn, TurnEvent,
    WatchTurnRequest,
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
    pub(crate) resets: usize,
    pub(crate) end: Option<End>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Done(Box<Turn>),
    Failed(ErrorReason),
}

impl Reader {
    fn new(events: Streaming<TurnEvent>) -> Self {
        let (cursor, text, accepted) = ((0, 0), String::new(), None);
        Self { events, turn_id: 0, cursor, text, accepted, resets: 0, end: None }
    }

    /// Reads one event. False once there are no more.
    pub(crate) async fn read(&mut self) -> bool {
        let Some(event) = self.events.message().await.unwrap() else { return false };
        assert!(self.end.is_none(), "nothing comes after the end");
        self.turn_id = event.turn_id;
        match event.event.unwrap() {
            Event::Accepted(accepted) => {
                assert!(self.accepted.is_none() && self.text.is_empty());
                self.accepted = Some(accepted);
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
