//! Somebody who reads a reply while it is made.

use std::time::{Duration, Instant};

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::User;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who reads a reply while it is made.
pub struct Reader {
    user: User,
    response: Response,
    buffer: Vec<u8>,
    /// Bytes of the reply before the place where they began to read.
    skipped: usize,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The turn, once an event named it.
    pub turn: i64,
    /// Every event so far.
    pub events: Vec<Event>,
    /// Comments so far.
    pub comments: usize,
    /// The last id, which is where they are.
    pub last_event_id: String,
    /// What they have read.
    pub text: String,
    /// The last event, `done` or `error`.
    pub end: Option<Event>,
}

/// One event as it came.
#[derive(Debug, Clone)]
pub struct Event {
    /// `safety`, `accepted`, `disclosure`, `delta`, `reset`, `done` or `error`.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its data.
    pub data: Value,
    /// How many bytes it took on the wire.
    pub size: usize,
}

impl User {
    /// Says something in the latest session and reads along.
    pub async fn stream(&self, text: &str) -> Reader {
        self.listen("/api/send-message/", &json!({"text": text})).await
    }

    /// Posts JSON to whatever makes a reply, and reads along.
    pub async fn listen(&self, path: &str, body: &Value) -> Reader {
        let request = self.request("POST", path).header("accept", "text/event-stream");
        let response = request.json(body).send().await.expect("the product should answer");
        Reader::of(self, response, "").await
    }

    /// Reads a turn from an event on; from the beginning if that is empty.
    pub async fn watch(&self, turn: i64, last_event_id: &str) -> Reader {
        let response = self.ask_for(turn, last_event_id).await;
        Reader { turn, ..Reader::of(self, response, last_event_id).await }
    }

    /// As [`User::watch`]. Told to come again, which is nothing wrong where a thousand come at once, they do.
    pub async fn watch_in_a_crowd(&self, turn: i64, last_event_id: &str) -> Reader {
        let begun = Instant::now();
        loop {
            let response = self.ask_for(turn, last_event_id).await;
            let again = response.headers().get("retry-after").filter(|_| response.status() == 503);
            let Some(again) = again.filter(|_| begun.elapsed() < PATIENCE) else {
                return Reader { turn, ..Reader::of(self, response, last_event_id).await };
            };
            let seconds = again.to_str().expect("text").parse().expect("seconds");
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    }

    async fn ask_for(&self, turn: i64, last_event_id: &str) -> Response {
        let mut request = self.request("GET", &format!("/api/turns/{turn}/events/"));
        if !last_event_id.is_empty() {
            request = request.header("last-event-id", last_event_id);
        }
        request.send().await.expect("the product should answer")
    }
}

impl Reader {
    /// Reads what is answered.
    pub async fn of(user: &User, response: Response, last_event_id: &str) -> Self {
        let (headers, status) = (response.headers().clone(), response.status());
        if status != 200 {
            let why = response.text().await;
            panic!("there are no events: {status} {why:?}");
        }
        Self {
            user: user.clone(),
            response,
            buffer: Vec::new(),
            skipped: offset(last_event_id),
            headers,
            turn: 0,
            events: Vec::new(),
            comments: 0,
            last_event_id: last_event_id.to_owned(),
            text: String::new(),
            end: None,
        }
    }

    /// Reads one event. False once there are no more.
    pub async fn read(&mut self) -> bool {
        loop {
            let Some(block) = self.block().await else { return false };
            if block.starts_with(':') {
                self.comments += 1;
            } else if block != "retry: 1000\n\n" {
                self.take(Event::read(&block));
                return true;
            }
        }
    }

    /// Reads until so many bytes of the reply are there.
    pub async fn read_words(&mut self, bytes: usize) {
        while self.text.len() < bytes {
            assert!(self.read().await, "there is no more than {:?}", self.text);
        }
    }

    /// Reads to the end, which there must be, once.
    pub async fn read_on(&mut self) {
        while self.read().await {}
        assert!(self.end.is_some(), "it broke off after {:?}", self.events.last());
    }

    /// Hangs up, and comes back to where they were.
    pub async fn come_back(self) -> Self {
        self.back(User::watch).await
    }

    /// As [`Reader::come_back`], as [`User::watch_in_a_crowd`] does.
    pub async fn come_back_in_a_crowd(self) -> Self {
        self.back(User::watch_in_a_crowd).await
    }

    async fn back(self, watch: impl AsyncFnOnce(&User, i64, &str) -> Self) -> Self {
        let Self { user, response, turn, events, comments, last_event_id, text, .. } = self;
        drop(response);
        let back = watch(&user, turn, &last_event_id).await;
        let skipped = back.skipped - text.len();
        Self { skipped, events, comments, text, ..back }
    }

    /// How many events of this name there were.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.events.iter().filter(|event| event.name == name).count()
    }

    /// Whether the last id says that nothing follows.
    #[must_use]
    pub fn is_at_the_end(&self) -> bool {
        self.last_event_id.split('.').nth(2) == Some("end")
    }

    /// The data of the `done` at the end.
    #[must_use]
    pub fn done(&self) -> &Value {
        match &self.end {
            Some(end) if end.name == "done" => &end.data,
            other => panic!("not done: {other:?}"),
        }
    }

    /// The code of the `error` at the end.
    #[must_use]
    pub fn error(&self) -> &str {
        match &self.end {
            Some(end) if end.name == "error" => end.data["code"].as_str().unwrap_or_default(),
            other => panic!("no error: {other:?}"),
        }
    }

    fn take(&mut self, event: Event) {
        assert!(self.end.is_none(), "nothing comes after the end: {event:?}");
        if ["safety", "disclosure"].contains(&event.name.as_str()) {
            // What stands beside a reply does not say how far that was told.
            assert_eq!(event.id, self.position(), "{event:?}");
            self.events.push(event);
            return;
        }
        self.last_event_id.clone_from(&event.id);
        if let Some(turn) = event.data["turn_id"].as_i64() {
            self.turn = turn;
        }
        match event.name.as_str() {
            "accepted" => assert!(self.text.is_empty(), "it is the first"),
            "delta" => self.text.push_str(event.data["text"].as_str().expect("words")),
            "reset" => {
                self.skipped = 0;
                self.text.clear();
            }
            "done" | "error" => self.end = Some(event.clone()),
            other => panic!("what is {other}?"),
        }
        let told = self.skipped + self.text.len();
        assert_eq!(offset(&event.id), told, "an id is how far it was told: {event:?}");
        self.events.push(event);
    }

    /// The id of the place where they are.
    fn position(&self) -> &str {
        match self.last_event_id.as_str() {
            "" => "0.0",
            id => id.strip_suffix(".end").unwrap_or(id),
        }
    }

    /// The next block with the blank line behind it.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8(block).expect("text"));
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let piece = piece.expect("something should be told").expect("it should not break off");
            let Some(piece) = piece else {
                assert!(self.buffer.is_empty(), "half an event at the end");
                return None;
            };
            self.buffer.extend_from_slice(&piece);
        }
    }
}

impl Event {
    fn read(block: &str) -> Self {
        let field = |name: &str| {
            let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
            let value = lines.next().unwrap_or_else(|| panic!("no {name} in {block:?}"));
            assert!(lines.next().is_none(), "{name} comes once in {block:?}");
            value.to_owned()
        };
        let data = serde_json::from_str(&field("data: ")).expect("JSON");
        Self { name: field("event: "), id: field("id: "), data, size: block.len() }
    }
}

/// The bytes that an id speaks of: `1.42` and `1.42.end` of 42.
fn offset(id: &str) -> usize {
    id.split('.').nth(1).map_or(0, |offset| offset.parse().expect("a number"))
}
