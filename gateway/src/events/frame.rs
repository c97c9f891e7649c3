//! What happens to a turn, written as one server-sent event each.

use axum::response::sse::Event;
use proto::chat::v1::turn_event::{self, Accepted, Done};
use proto::chat::v1::{ErrorReason, TurnEvent};
use serde_json::{Value, json};

use super::position::Position;
use crate::error::ApiError;
use crate::help::Help;
use crate::views::{self, Safety, Usage};

/// Events with words take a multiple of this many bytes, so that whoever sees them go by, encrypted,
/// cannot tell the words by their sizes.
const BLOCK: usize = 128;

/// What is sent, and whether it is the last.
pub(super) struct Frame {
    pub(super) event: Event,
    pub(super) is_last: bool,
}

impl Frame {
    /// Writes an event; `None` for one of a kind that this version does not know. Beside a failure stands
    /// `help`, which is for where the person is as soon as something was noticed.
    pub(super) fn of(position: Position, told: TurnEvent, help: &mut Help) -> Option<Self> {
        let turn_id = told.turn_id;
        Some(match told.event? {
            turn_event::Event::Accepted(accepted) => Self::accepted(position, turn_id, &accepted),
            turn_event::Event::Delta(delta) => Self::delta(position, &delta.text),
            turn_event::Event::Reset(_) => {
                Self::more("reset", position, &json!({"attempt": position.attempt}))
            }
            turn_event::Event::Done(done) => Self::done(position, done),
            turn_event::Event::Failed(failed) => {
                let may_go_on = failed.reason() == ErrorReason::Interrupted;
                let error = ApiError::from(&failed).with_help(help.clone());
                Self::error(position, &error, may_go_on)
            }
            turn_event::Event::Safety(safety) => {
                let safety = Safety::of(safety)?;
                *help = Help::from(&safety);
                Self::more("safety", position, &json!(safety))
            }
            turn_event::Event::Disclosure(said) => {
                let language = views::present(said.language);
                let data = json!({"text": said.text, "language": language});
                Self::more("disclosure", position, &data)
            }
        })
    }

    /// The end without a reply. Whoever may go on has an id to go on with.
    pub(super) fn error(position: Position, error: &ApiError, may_go_on: bool) -> Self {
        let mut data = json!({"code": error.code, "detail": error.detail});
        if let Some(seconds) = error.retry_after_seconds() {
            data["retry_after"] = json!(seconds);
        }
        for key in ["safety", "help"] {
            if let Some(beside) = error.extra.get(key) {
                data[key] = beside.clone();
            }
        }
        let id = if may_go_on { position.to_string() } else { position.end() };
        Self { event: write("error", &id, &data), is_last: true }
    }

    fn accepted(position: Position, turn_id: i64, accepted: &Accepted) -> Self {
        let (session_id, user_message_id) = (accepted.session_id, accepted.user_message_id);
        let data = json!({
            "turn_id": turn_id, "session_id": session_id, "user_message_id": user_message_id,
        });
        Self::more("accepted", position, &data)
    }

    fn delta(position: Position, text: &str) -> Self {
        let data = |padding: &str| json!({"text": text, "padding": padding});
        let (name, id) = ("delta", position.to_string());
        let bare = format!("event: {name}\nid: {id}\ndata: {}\n\n", data("")).len();
        let padding = ".".repeat(bare.next_multiple_of(BLOCK) - bare);
        Self { event: write(name, &id, &data(&padding)), is_last: false }
    }

    fn done(position: Position, done: Done) -> Self {
        let Some(turn) = done.turn else {
            return Self::error(position, &ApiError::internal(), false);
        };
        let data = json!({
            "turn_id": turn.id,
            "session_id": turn.session_id,
            "message_id": turn.ai_message_id,
            "finish_reason": views::finish_reason(&turn),
            "usage": turn.usage.map(Usage::from),
        });
        Self { event: write("done", &position.end(), &data), is_last: true }
    }

    fn more(name: &str, position: Position, data: &Value) -> Self {
        Self { event: write(name, &position.to_string(), data), is_last: false }
    }
}

fn write(name: &str, id: &str, data: &Value) -> Event {
    Event::default().event(name).id(id).data(data.to_string())
}
