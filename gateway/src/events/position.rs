//! How far a reply has been told, as the ids of events say it.

use std::fmt;

use proto::chat::v1::TurnEvent;
use proto::chat::v1::turn_event::Event;

use crate::error::ApiError;

/// How far a reply has been told: `1.42` is 42 bytes of the first attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) attempt: u32,
    pub(crate) offset: u64,
}

/// At the end of the id of a final event: nothing comes after it.
const END: &str = ".end";

impl Position {
    /// Reads an id that we gave.
    pub(crate) fn parse(id: &str) -> Result<Self, ApiError> {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts =
            id.split_once('.').filter(|(attempt, offset)| digits(attempt) && digits(offset));
        let position = parts.and_then(|(attempt, offset)| {
            Some(Self { attempt: attempt.parse().ok()?, offset: offset.parse().ok()? })
        });
        position.ok_or_else(|| ApiError::invalid_field("last_event_id", "No event has this id."))
    }

    /// How far a reply has been told when `event` was told too. What stands beside a reply does not move
    /// it: whoever loses the connection right then goes on with the words that come next.
    pub(crate) fn after(self, event: &TurnEvent) -> Self {
        match event.event {
            Some(Event::Safety(_) | Event::Disclosure(_)) => self,
            _ => Self { attempt: event.attempt, offset: event.offset },
        }
    }

    /// The id of the last event.
    pub(super) fn end(self) -> String {
        format!("{self}{END}")
    }
}

/// Whether an id is that of a last event.
pub(crate) fn is_end(id: &str) -> bool {
    id.ends_with(END)
}

/// An id without the mark of the last.
pub(crate) fn without_end(id: &str) -> &str {
    id.strip_suffix(END).unwrap_or(id)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.attempt, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_given_is_read_again() {
        let position = Position { attempt: 2, offset: 4_096 };
        assert_eq!(Position::parse(&position.to_string()).unwrap(), position);
        assert!(is_end(&position.end()) && !is_end(&position.to_string()));
    }

    #[test]
    fn what_no_event_has_is_refused() {
        for wrong in ["1", "1.", ".1", "1.2.3", "+1.2", "1.-2", "a.b", "1.2 ", "4294967296.0"] {
            assert!(Position::parse(wrong).is_err(), "{wrong}");
        }
    }
}
