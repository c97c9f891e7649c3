//! What the server can be told to do with a request.

use std::time::Duration;

/// What the server says when nobody tells it what to say.
pub const DEFAULT_REPLY: &str = "I hear you.";

/// What the server finds of what somebody said when nobody tells it what to find.
pub const DEFAULT_VERDICT: &str = r#"{"tier":"none"}"#;

/// What [`Behaviour::Refusal`] says.
pub const REFUSAL: &str = "I cannot help with that.";

/// One way to answer one chat request.
///
/// Each is described as it looks in a stream. To a request for a plain answer it does the nearest
/// sensible thing, named where it is not obvious. Tokens are the words of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A good answer with this text.
    Reply(String),
    /// A good answer that describes the request: `{"roles":"sua","last":"...","n":3}`, with the
    /// initials of the roles, the content of the last message and the number of messages.
    Echo,
    /// A good answer of exactly so many characters.
    Long {
        /// The length of the text.
        chars: usize,
    },
    /// A good answer, of which nothing comes, not even headers, before the delay is over.
    Slow {
        /// The time before the first byte.
        delay: Duration,
        /// The text of the answer.
        text: String,
    },
    /// A good answer, each token after a pause. Plain: the whole after the sum of the pauses.
    TokenDelay {
        /// The text of the answer.
        text: String,
        /// The pause before each token.
        every: Duration,
    },
    /// [`DEFAULT_REPLY`], one byte at a time.
    Trickle {
        /// The pause before each byte.
        every: Duration,
    },
    /// A good answer with comment lines between the chunks. Plain: blank lines before the JSON.
    KeepAlives {
        /// The text of the answer.
        text: String,
    },
    /// Comment lines for ever and no chunk at all. Plain: blank lines for ever.
    KeepAlivesOnly {
        /// The pause before each comment.
        every: Duration,
    },
    /// Tokens for ever, as fast as the client reads them.
    NeverEnding,
    /// An HTTP error with a JSON body as the API defines it.
    Status {
        /// The HTTP status.
        code: u16,
        /// The value of the `Retry-After` header.
        retry_after: Option<String>,
        /// The `code` inside the JSON error.
        error_code: Option<String>,
    },
    /// An HTTP status with a body that is not JSON, as a proxy in between would send it.
    StatusWithText {
        /// The HTTP status.
        code: u16,
        /// The body, sent as HTML.
        body: String,
    },
    /// A redirect that keeps method and body (307).
    Redirect {
        /// The value of the `Location` header.
        location: String,
    },
    /// Status 200, but the data lines are not JSON. Plain: the body is not JSON.
    Garbage,
    /// [`DEFAULT_REPLY`] as a plain JSON answer, although a stream was asked for.
    JsonInsteadOfStream,
    /// An answer with an empty list of choices.
    NoChoices,
    /// An answer whose text is empty.
    EmptyReply,
    /// An answer whose text is `null`.
    NullContent,
    /// An answer with [`REFUSAL`] as its refusal and no text.
    Refusal,
    /// An answer that calls a tool and has no text.
    ToolCall,
    /// Takes the request and never answers, not even with headers.
    Silence,
    /// Sends the headers of a good answer and then nothing.
    SilenceAfterHeaders,
    /// Takes the request and closes the connection without an answer.
    Drop,
    /// Closes the connection in the middle of an answer. Plain: in the middle of the JSON.
    DropAfter {
        /// The text that was begun.
        text: String,
        /// How many of its tokens are sent.
        tokens: usize,
    },
    /// Falls silent in the middle of an answer. Plain: in the middle of the JSON.
    StallAfter {
        /// The text that was begun.
        text: String,
        /// How many of its tokens are sent.
        tokens: usize,
    },
    /// The whole text and its finish reason, and then silence where `[DONE]` belongs. Plain: a good
    /// answer.
    StallAfterFinish {
        /// The text of the answer.
        text: String,
    },
    /// The whole text, but the stream ends without a finish reason and without `[DONE]`. Plain:
    /// the finish reason is `null`.
    NoFinish {
        /// The text of the answer.
        text: String,
    },
    /// A good answer that finished for another reason than `stop`.
    FinishReason {
        /// The text of the answer.
        text: String,
        /// The reason, such as `length` or `content_filter`.
        reason: String,
    },
    /// An error object in the middle of the stream, which then ends. Plain: status 200 with an
    /// error object.
    ErrorChunk {
        /// The text that was begun.
        text: String,
        /// How many of its tokens are sent.
        tokens: usize,
    },
    /// One chunk of half a JSON object in the middle of an otherwise good stream. Plain: half a
    /// JSON object, properly ended.
    MalformedChunk {
        /// The text of the answer.
        text: String,
        /// How many of its tokens come before the bad chunk.
        tokens: usize,
    },
}

impl Behaviour {
    /// A good answer with this text.
    pub fn reply(text: impl Into<String>) -> Self {
        Self::Reply(text.into())
    }

    /// An HTTP error without an error code and without advice on when to retry.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None, error_code: None }
    }

    /// 500.
    #[must_use]
    pub fn server_error() -> Self {
        Self::status(500)
    }

    /// 503.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::status(503)
    }

    /// 429, too many requests, with `Retry-After` if there is a value for it.
    #[must_use]
    pub fn rate_limited(retry_after: Option<&str>) -> Self {
        Self::Status {
            code: 429,
            retry_after: retry_after.map(str::to_owned),
            error_code: Some("rate_limit_exceeded".to_owned()),
        }
    }

    /// 429, but because nobody paid: no retry will help.
    #[must_use]
    pub fn insufficient_quota() -> Self {
        Self::coded(429, "insufficient_quota")
    }

    /// 401, the API key is wrong.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::coded(401, "invalid_api_key")
    }

    /// 400, the conversation is too long for the model.
    #[must_use]
    pub fn context_length_exceeded() -> Self {
        Self::coded(400, "context_length_exceeded")
    }

    /// 502 with an HTML page, as a proxy sends it.
    #[must_use]
    pub fn bad_gateway_page() -> Self {
        let body = "<html><body><h1>502 Bad Gateway</h1></body></html>".to_owned();
        Self::StatusWithText { code: 502, body }
    }

    fn coded(code: u16, error_code: &str) -> Self {
        Self::Status { code, retry_after: None, error_code: Some(error_code.to_owned()) }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::reply(DEFAULT_REPLY)
    }
}
