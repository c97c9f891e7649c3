//! What a request said.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One chat request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Role and content of each message. Content in parts is joined, no content is empty.
    pub messages: Vec<(String, String)>,
    /// The model that was asked for.
    pub model: String,
    /// Whether the answer should be a stream.
    pub stream: bool,
    /// The whole `Authorization` header.
    pub authorization: Option<String>,
    /// The whole body, for what has no field here.
    pub body: Value,
}

impl Heard {
    /// Reads a request, and fails where a real server would find it malformed.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> serde_json::Result<Self> {
        let body: Value = serde_json::from_slice(body)?;
        let Request { model, messages, stream } = Request::deserialize(&body)?;
        let messages = messages.into_iter().map(|m| (m.role, m.content.text())).collect();
        let authorization = headers
            .get(AUTHORIZATION)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok(Self { messages, model, stream: stream.unwrap_or(false), authorization, body })
    }

    /// Whether an answer in a given format is asked for, and not a reply.
    pub(crate) fn has_format(&self) -> bool {
        self.body.get("response_format").is_some_and(|format| !format.is_null())
    }

    /// Whether a stream should tell the number of tokens at its end.
    pub(crate) fn wants_usage(&self) -> bool {
        self.body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true))
    }

    /// The content of the last message of the user.
    pub(crate) fn last_of_user(&self) -> Option<&str> {
        let last = self.messages.iter().rev().find(|(role, _)| role == "user");
        last.map(|(_, content)| content.as_str())
    }

    /// The request in short, as [`Behaviour::Echo`](crate::Behaviour::Echo) sends it back.
    pub(crate) fn echo(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Echo {
            roles: self.messages.iter().filter_map(|(role, _)| role.chars().next()).collect(),
            last: self.messages.last().map_or("", |(_, content)| content),
            n: self.messages.len(),
        })
    }
}

#[derive(Serialize)]
struct Echo<'a> {
    roles: String,
    last: &'a str,
    n: usize,
}

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
    #[default]
    Nothing,
}

impl Content {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
            Self::Nothing => String::new(),
        }
    }
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}
