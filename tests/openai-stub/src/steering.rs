//! Behaviours by name, for people who type them into a chat.

use std::time::Duration;

use crate::{Behaviour, DEFAULT_REPLY};

impl Behaviour {
    /// The behaviour that a message asks for, if it begins with `STUB:` and a name known here.
    ///
    /// | Message | Behaviour |
    /// |---|---|
    /// | `STUB:500`, `STUB:429=7` | [`Status`](Self::Status) 400 to 599, here with `Retry-After: 7` |
    /// | `STUB:context`, `STUB:quota`, `STUB:key` | the errors 400, 429 and 401 with their codes |
    /// | `STUB:html` | [`StatusWithText`](Self::StatusWithText) |
    /// | `STUB:echo` | [`Echo`](Self::Echo) |
    /// | `STUB:long=CHARS` | [`Long`](Self::Long) |
    /// | `STUB:delay=SECONDS` | [`Slow`](Self::Slow) |
    /// | `STUB:tokens=MILLISECONDS` | [`TokenDelay`](Self::TokenDelay) |
    /// | `STUB:trickle=MILLISECONDS` | [`Trickle`](Self::Trickle) |
    /// | `STUB:keep-alives` | [`KeepAlives`](Self::KeepAlives) |
    /// | `STUB:keep-alives-only=MILLISECONDS` | [`KeepAlivesOnly`](Self::KeepAlivesOnly) |
    /// | `STUB:never-ending` | [`NeverEnding`](Self::NeverEnding) |
    /// | `STUB:garbage` | [`Garbage`](Self::Garbage) |
    /// | `STUB:json` | [`JsonInsteadOfStream`](Self::JsonInsteadOfStream) |
    /// | `STUB:no-choices` | [`NoChoices`](Self::NoChoices) |
    /// | `STUB:empty` | [`EmptyReply`](Self::EmptyReply) |
    /// | `STUB:null` | [`NullContent`](Self::NullContent) |
    /// | `STUB:refusal` | [`Refusal`](Self::Refusal) |
    /// | `STUB:tool` | [`ToolCall`](Self::ToolCall) |
    /// | `STUB:silence` | [`Silence`](Self::Silence) |
    /// | `STUB:headers` | [`SilenceAfterHeaders`](Self::SilenceAfterHeaders) |
    /// | `STUB:drop` | [`Drop`](Self::Drop) |
    /// | `STUB:drop-after=TOKENS` | [`DropAfter`](Self::DropAfter) |
    /// | `STUB:stall-after=TOKENS` | [`StallAfter`](Self::StallAfter) |
    /// | `STUB:stall-after-finish` | [`StallAfterFinish`](Self::StallAfterFinish) |
    /// | `STUB:no-finish` | [`NoFinish`](Self::NoFinish) |
    /// | `STUB:length`, `STUB:filter` | [`FinishReason`](Self::FinishReason) |
    /// | `STUB:error=TOKENS` | [`ErrorChunk`](Self::ErrorChunk) |
    /// | `STUB:malformed=TOKENS` | [`MalformedChunk`](Self::MalformedChunk) |
    ///
    /// A number that is left out has a default; words after the first are ignored.
    #[must_use]
    pub fn from_message(message: &str) -> Option<Self> {
        let order = message.strip_prefix("STUB:")?.split_whitespace().next()?;
        match order.split_once('=') {
            Some((name, number)) => Self::from_order(name, Some(number.parse().ok()?)),
            None => Self::from_order(order, None),
        }
    }

    fn from_order(name: &str, number: Option<u32>) -> Option<Self> {
        if let Ok(code @ 400..=599) = name.parse::<u16>() {
            let retry_after = number.map(|seconds| seconds.to_string());
            return Some(Self::Status { code, retry_after, error_code: None });
        }
        let text = DEFAULT_REPLY.to_owned();
        let tokens = usize::try_from(number.unwrap_or(2)).ok()?;
        let every = Duration::from_millis(number.unwrap_or(200).into());
        Some(match name {
            "context" => Self::context_length_exceeded(),
            "quota" => Self::insufficient_quota(),
            "key" => Self::unauthorized(),
            "html" => Self::bad_gateway_page(),
            "echo" => Self::Echo,
            "long" => Self::Long { chars: usize::try_from(number.unwrap_or(10_000)).ok()? },
            "delay" => Self::Slow { delay: Duration::from_secs(number.unwrap_or(3).into()), text },
            "tokens" => Self::TokenDelay { text, every },
            "trickle" => Self::Trickle { every },
            "keep-alives" => Self::KeepAlives { text },
            "keep-alives-only" => Self::KeepAlivesOnly { every },
            "never-ending" => Self::NeverEnding,
            "garbage" => Self::Garbage,
            "json" => Self::JsonInsteadOfStream,
            "no-choices" => Self::NoChoices,
            "empty" => Self::EmptyReply,
            "null" => Self::NullContent,
            "refusal" => Self::Refusal,
            "tool" => Self::ToolCall,
            "silence" => Self::Silence,
            "headers" => Self::SilenceAfterHeaders,
            "drop" => Self::Drop,
            "drop-after" => Self::DropAfter { text, tokens },
            "stall-after" => Self::StallAfter { text, tokens },
            "stall-after-finish" => Self::StallAfterFinish { text },
            "no-finish" => Self::NoFinish { text },
            "length" => Self::FinishReason { text, reason: "length".to_owned() },
            "filter" => Self::FinishReason { text, reason: "content_filter".to_owned() },
            "error" => Self::ErrorChunk { text, tokens },
            "malformed" => Self::MalformedChunk { text, tokens },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_behaviours() {
        let delay = Duration::from_secs(3);
        let slow = Behaviour::Slow { delay, text: DEFAULT_REPLY.to_owned() };
        assert_eq!(Behaviour::from_message("STUB:delay=3 please"), Some(slow));
        assert_eq!(Behaviour::from_message("STUB: silence"), Some(Behaviour::Silence));
        assert_eq!(Behaviour::from_message("STUB:500"), Some(Behaviour::server_error()));
        for other in ["", "STUB:", "STUB:200", "STUB:delay=soon", "silence", "say STUB:500"] {
            assert_eq!(Behaviour::from_message(other), None, "{other}");
        }
    }
}
