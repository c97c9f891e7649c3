//! Answers in one piece of JSON.

use std::{iter, time::Duration};

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Step},
    paper::{self, Paper, tokens},
    telling::Teller,
};

pub(crate) struct Plain(pub(crate) Paper);

impl Plain {
    fn whole(&self, text: &str, finish: Option<&str>) -> Value {
        self.choice(json!({ "content": text }), finish, tokens(text).count())
    }

    fn choice(&self, mut message: Value, finish: Option<&str>, tokens: usize) -> Value {
        message["role"] = "assistant".into();
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish });
        self.0.completion(&json!([choice]), tokens)
    }

    /// The first half of a good answer.
    fn half(&self, text: &str) -> Step {
        let whole = Bytes::from(self.whole(text, Some("stop")).to_string());
        Step::Send(whole.slice(..whole.len() / 2))
    }
}

impl Teller for Plain {
    fn reply(&self, text: &str, finish: Option<&str>) -> Answer {
        Answer::json(&self.whole(text, finish))
    }

    fn message(&self, fields: Value, finish: &str) -> Answer {
        Answer::json(&self.choice(fields, Some(finish), 1))
    }

    fn tool_call(&self) -> Answer {
        let fields = json!({ "content": null, "tool_calls": [paper::tool_call()] });
        self.message(fields, "tool_calls")
    }

    fn paced(&self, text: &str, every: Duration) -> Answer {
        let pauses = u32::try_from(tokens(text).count()).unwrap_or(u32::MAX);
        self.reply(text, Some("stop")).after(every.saturating_mul(pauses))
    }

    fn keep_alives(&self, text: &str) -> Answer {
        let whole = self.whole(text, Some("stop")).to_string();
        Answer::json_in_steps([Step::send("\n"), Step::send("\n"), Step::send(whole)])
    }

    fn keep_alives_only(&self, every: Duration) -> Answer {
        Answer::json_in_steps(
            iter::repeat_with(move || [Step::Wait(every), Step::send("\n")]).flatten(),
        )
    }

    fn never_ending(&self) -> Answer {
        let start = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":""#;
        let words = iter::repeat_with(|| Step::send("word "));
        Answer::json_in_steps(iter::once(Step::send(start)).chain(words))
    }

    fn no_choices(&self) -> Answer {
        Answer::json(&self.0.completion(&json!([]), 0))
    }

    fn garbage(&self) -> Answer {
        Answer::json_in_steps([Step::send("this is not JSON")])
    }

    fn stalled(&self) -> Answer {
        Answer::json_in_steps([Step::Stall])
    }

    fn broken_off(&self, text: &str, _tokens: usize, then: Step) -> Answer {
        Answer::json_in_steps([self.half(text), then])
    }

    fn stalled_at_the_end(&self, text: &str) -> Answer {
        self.reply(text, Some("stop"))
    }

    fn failed(&self, _text: &str, _tokens: usize) -> Answer {
        Answer::json(&paper::error("The stub was told to fail.", "server_error", None))
    }

    fn malformed(&self, text: &str, _tokens: usize) -> Answer {
        Answer::json_in_steps([self.half(text)])
    }
}
