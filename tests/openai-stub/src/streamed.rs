//! Answers as a stream of chunks.

use std::{iter, time::Duration};

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Step},
    paper::{self, Paper, tokens},
    telling::Teller,
};

pub(crate) struct Streamed(pub(crate) Paper);

fn line(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

fn event(data: &Value) -> Step {
    Step::Send(line(data))
}

fn comment() -> Step {
    Step::send(": keep-alive\n\n")
}

impl Streamed {
    fn chunk(&self, delta: &Value, finish: Option<&str>) -> Value {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        self.0.chunk(&json!([choice]))
    }

    fn delta(&self, delta: &Value) -> Step {
        event(&self.chunk(delta, None))
    }

    fn role(&self) -> Step {
        self.delta(&json!({ "role": "assistant", "content": "" }))
    }

    fn token(&self, token: &str) -> Step {
        self.delta(&json!({ "content": token }))
    }

    /// The role and the first tokens, as far as there are so many.
    fn start(&self, text: &str, count: usize) -> Vec<Step> {
        let tokens = tokens(text).take(count).map(|token| self.token(token));
        iter::once(self.role()).chain(tokens).collect()
    }

    /// Everything that comes after the last token of a good answer.
    fn end(&self, finish: &str, tokens: usize) -> Vec<Step> {
        let mut steps = vec![event(&self.chunk(&json!({}), Some(finish)))];
        steps.extend(self.0.usage_chunk(tokens).as_ref().map(event));
        steps.push(Step::send("data: [DONE]\n\n"));
        steps
    }

    fn whole(&self, text: &str, finish: &str) -> Vec<Step> {
        let mut steps = self.start(text, usize::MAX);
        steps.extend(self.end(finish, tokens(text).count()));
        steps
    }
}

impl Teller for Streamed {
    fn reply(&self, text: &str, finish: Option<&str>) -> Answer {
        Answer::events(match finish {
            Some(finish) => self.whole(text, finish),
            None => self.start(text, usize::MAX),
        })
    }

    fn message(&self, fields: Value, finish: &str) -> Answer {
        let mut steps = vec![self.role(), self.delta(&fields)];
        steps.extend(self.end(finish, 1));
        Answer::events(steps)
    }

    fn tool_call(&self) -> Answer {
        let mut call = paper::tool_call();
        call["index"] = 0.into();
        self.message(json!({ "tool_calls": [call] }), "tool_calls")
    }

    fn paced(&self, text: &str, every: Duration) -> Answer {
        let mut steps = vec![self.role()];
        steps.extend(tokens(text).flat_map(|token| [Step::Wait(every), self.token(token)]));
        steps.extend(self.end("stop", tokens(text).count()));
        Answer::events(steps)
    }

    fn keep_alives(&self, text: &str) -> Answer {
        Answer::events(self.whole(text, "stop").into_iter().flat_map(|step| [comment(), step]))
    }

    fn keep_alives_only(&self, every: Duration) -> Answer {
        Answer::events(iter::repeat_with(move || [Step::Wait(every), comment()]).flatten())
    }

    fn never_ending(&self) -> Answer {
        let word = line(&self.chunk(&json!({ "content": "word " }), None));
        let words = iter::repeat_with(move || Step::Send(word.clone()));
        Answer::events(iter::once(self.role()).chain(words))
    }

    fn no_choices(&self) -> Answer {
        Answer::events([event(&self.0.chunk(&json!([]))), Step::send("data: [DONE]\n\n")])
    }

    fn garbage(&self) -> Answer {
        let nonsense = || Step::send("data: this is not JSON\n\n");
        Answer::events([nonsense(), nonsense(), Step::send("data: [DONE]\n\n")])
    }

    fn stalled(&self) -> Answer {
        Answer::events([Step::Stall])
    }

    fn broken_off(&self, text: &str, tokens: usize, then: Step) -> Answer {
        let mut steps = self.start(text, tokens);
        steps.push(then);
        Answer::events(steps)
    }

    fn stalled_at_the_end(&self, text: &str) -> Answer {
        let mut steps = self.whole(text, "stop");
        // In place of `[DONE]`.
        steps.pop();
        steps.push(Step::Stall);
        Answer::events(steps)
    }

    fn failed(&self, text: &str, tokens: usize) -> Answer {
        let error = paper::error("The stub was told to fail.", "server_error", None);
        self.broken_off(text, tokens, event(&error))
    }

    fn malformed(&self, text: &str, count: usize) -> Answer {
        let mut steps = self.start(text, count);
        steps.push(Step::send(
            "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"del\n\n",
        ));
        steps.extend(tokens(text).skip(count).map(|token| self.token(token)));
        steps.extend(self.end("stop", tokens(text).count()));
        Answer::events(steps)
    }
}
