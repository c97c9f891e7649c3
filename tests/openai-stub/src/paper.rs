//! The JSON objects of the protocol.

use serde_json::{Value, json};

use crate::Heard;

// A fixed date: nothing in an answer changes from run to run.
const CREATED: u32 = 1_700_000_000;

/// The words of a text with the space behind them: joined, they are the text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

/// The body of an error answer.
pub(crate) fn error(message: &str, kind: &str, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

/// The list of models.
pub(crate) fn models() -> Value {
    let model =
        json!({ "id": "stub-model", "object": "model", "created": CREATED, "owned_by": "stub" });
    json!({ "object": "list", "data": [model] })
}

/// What an answer calls, in a list of tool calls.
pub(crate) fn tool_call() -> Value {
    let function = json!({ "name": "get_weather", "arguments": "{\"city\":\"Berlin\"}" });
    json!({ "id": "call_1", "type": "function", "function": function })
}

/// What all objects of one answer have in common.
pub(crate) struct Paper {
    id: String,
    model: String,
    prompt_tokens: usize,
    wants_usage: bool,
}

impl Paper {
    pub(crate) fn new(heard: &Heard, number: usize) -> Self {
        Self {
            id: format!("chatcmpl-{number}"),
            model: heard.model.clone(),
            prompt_tokens: heard.messages.iter().map(|(_, text)| tokens(text).count()).sum(),
            wants_usage: heard.stream && heard.wants_usage(),
        }
    }

    /// A whole answer with these choices.
    pub(crate) fn completion(&self, choices: &Value, tokens: usize) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": CREATED,
            "model": self.model,
            "choices": choices,
            "usage": self.usage(tokens),
        })
    }

    /// A piece of an answer with these choices.
    pub(crate) fn chunk(&self, choices: &Value) -> Value {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.model,
            "choices": choices,
        });
        if self.wants_usage {
            // Asked for, the field is in every chunk, and null in all but the last.
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    /// The piece that tells the number of tokens, if it was asked for.
    pub(crate) fn usage_chunk(&self, tokens: usize) -> Option<Value> {
        self.wants_usage.then(|| {
            let mut chunk = self.chunk(&json!([]));
            chunk["usage"] = self.usage(tokens);
            chunk
        })
    }

    fn usage(&self, tokens: usize) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self.prompt_tokens + tokens,
        })
    }
}
