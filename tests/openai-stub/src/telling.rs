//! What each behaviour comes to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Behaviour, DEFAULT_REPLY, Heard, REFUSAL,
    answer::{Answer, Step},
    paper::{self, Paper},
    plain::Plain,
    streamed::Streamed,
};

/// The ways to answer that differ between a stream and a plain answer.
pub(crate) trait Teller {
    /// A good answer.
    fn reply(&self, text: &str, finish: Option<&str>) -> Answer;
    /// A well-formed answer whose message has these fields.
    fn message(&self, fields: Value, finish: &str) -> Answer;
    fn tool_call(&self) -> Answer;
    fn paced(&self, text: &str, every: Duration) -> Answer;
    fn keep_alives(&self, text: &str) -> Answer;
    fn keep_alives_only(&self, every: Duration) -> Answer;
    fn never_ending(&self) -> Answer;
    fn no_choices(&self) -> Answer;
    fn garbage(&self) -> Answer;
    /// Only headers.
    fn stalled(&self) -> Answer;
    /// Some tokens, and then this.
    fn broken_off(&self, text: &str, tokens: usize, then: Step) -> Answer;
    /// A good answer up to its end, and then silence in place of what follows.
    fn stalled_at_the_end(&self, text: &str) -> Answer;
    fn failed(&self, text: &str, tokens: usize) -> Answer;
    fn malformed(&self, text: &str, tokens: usize) -> Answer;
}

/// The answer to a request. The number tells it from the answers to other requests.
pub(crate) fn answer(behaviour: Behaviour, heard: &Heard, number: usize) -> Answer {
    let paper = Paper::new(heard, number);
    if heard.stream && behaviour != Behaviour::JsonInsteadOfStream {
        tell(behaviour, heard, &Streamed(paper))
    } else {
        tell(behaviour, heard, &Plain(paper))
    }
}

fn tell(behaviour: Behaviour, heard: &Heard, teller: &impl Teller) -> Answer {
    let good = |text: &str| teller.reply(text, Some("stop"));
    match behaviour {
        Behaviour::Reply(text) => good(&text),
        Behaviour::Echo => good(&heard.echo().unwrap_or_default()),
        Behaviour::Long { chars } => good(&long_text(chars)),
        Behaviour::Slow { delay, text } => good(&text).after(delay),
        Behaviour::TokenDelay { text, every } => teller.paced(&text, every),
        Behaviour::Trickle { every } => good(DEFAULT_REPLY).trickled(every),
        Behaviour::KeepAlives { text } => teller.keep_alives(&text),
        Behaviour::KeepAlivesOnly { every } => teller.keep_alives_only(every),
        Behaviour::NeverEnding => teller.never_ending(),
        Behaviour::Status { code, retry_after, error_code } => {
            status(code, error_code.as_deref()).with_retry_after(retry_after)
        }
        Behaviour::StatusWithText { code, body } => Answer::html(body).with_status(code),
        Behaviour::Redirect { location } => Answer::elsewhere(location),
        Behaviour::Garbage => teller.garbage(),
        Behaviour::JsonInsteadOfStream => good(DEFAULT_REPLY),
        Behaviour::NoChoices => teller.no_choices(),
        Behaviour::EmptyReply => good(""),
        Behaviour::NullContent => teller.message(json!({ "content": null }), "stop"),
        Behaviour::Refusal => {
            teller.message(json!({ "content": null, "refusal": REFUSAL }), "stop")
        }
        Behaviour::ToolCall => teller.tool_call(),
        Behaviour::Silence => Answer::never(),
        Behaviour::SilenceAfterHeaders => teller.stalled(),
        Behaviour::Drop => Answer::dropped(),
        Behaviour::DropAfter { text, tokens } => teller.broken_off(&text, tokens, Step::Break),
        Behaviour::StallAfter { text, tokens } => teller.broken_off(&text, tokens, Step::Stall),
        Behaviour::StallAfterFinish { text } => teller.stalled_at_the_end(&text),
        Behaviour::NoFinish { text } => teller.reply(&text, None),
        Behaviour::FinishReason { text, reason } => teller.reply(&text, Some(&reason)),
        Behaviour::ErrorChunk { text, tokens } => teller.failed(&text, tokens),
        Behaviour::MalformedChunk { text, tokens } => teller.malformed(&text, tokens),
    }
}

/// An HTTP error as the API words it.
pub(crate) fn status(code: u16, error_code: Option<&str>) -> Answer {
    let kind = match (code, error_code) {
        (_, Some("insufficient_quota")) => "insufficient_quota",
        (429, _) => "requests",
        (500.., _) => "server_error",
        _ => "invalid_request_error",
    };
    let message = format!("The stub was told to answer {code}.");
    Answer::json(&paper::error(&message, kind, error_code)).with_status(code)
}

/// Counts, so that a piece that is lost or swapped shows.
fn long_text(chars: usize) -> String {
    let mut text = String::with_capacity(chars + 20);
    let mut number = 0_usize;
    while text.len() < chars {
        text.push_str(&number.to_string());
        text.push(' ');
        number += 1;
    }
    text.truncate(chars);
    // A space at the end might be trimmed on the way, and the length would be wrong.
    if text.pop().is_some() {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_has_the_length_asked_for() {
        for chars in [0, 1, 2, 50_000] {
            assert_eq!(long_text(chars).chars().count(), chars);
        }
        assert_eq!(long_text(10), "0 1 2 3 4.");
    }
}
