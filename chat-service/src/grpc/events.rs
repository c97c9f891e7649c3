//! A reply as a stream of events.

use std::pin::Pin;

use auth_client::Principal;
use futures_util::{Stream, StreamExt as _, stream};
use prost::Message as _;
use proto::chat::v1 as pb;
use proto::chat::v1::turn_event::{Accepted, Delta, Done, Event, Failed, Reset};
use tonic::Status;

use super::views;
use crate::conversations::Conversations;
use crate::limits::Allowance;
use crate::store::{Begun, Turn};
use crate::turns::{Cursor, Follower, News};

/// Events of one turn.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<pb::TurnEvent, Status>> + Send>>;

/// Events with words are padded to a multiple of this, in bytes: one word is as large as another.
const BLOCK: usize = 128;

/// The events of a turn that was begun, or found, just now.
pub(super) fn of_begun(conversations: &Conversations, who: &Principal, begun: &Begun) -> Events {
    let turn = &begun.turn;
    let accepted = accepted(turn, begun.replayed, &begun.allowances);
    let follower = conversations.follow(who, turn.id, Cursor::default());
    of_turn(turn.id, Some(accepted), follower)
}

/// That a turn is taken on, and what is left of the limits.
pub(super) fn accepted(turn: &Turn, replayed: bool, left: &[Allowance]) -> Accepted {
    Accepted {
        session_id: turn.session_id,
        user_message_id: turn.user_message_id(),
        replayed,
        limits: views::limits(left),
    }
}

/// The events of a turn, as a reader is told them.
pub(super) fn of_turn(turn_id: i64, accepted: Option<Accepted>, follower: Follower) -> Events {
    let accepted = accepted.map(|accepted| pb::TurnEvent {
        turn_id,
        attempt: 0,
        offset: 0,
        event: Some(Event::Accepted(accepted)),
    });
    let told = stream::unfold(follower, move |mut follower| async move {
        let (cursor, news) = follower.next().await?;
        Some((event(turn_id, cursor, news), follower))
    });
    stream::iter(accepted).chain(told).map(Ok).boxed()
}

fn event(turn_id: i64, cursor: Cursor, news: News) -> pb::TurnEvent {
    let event = match news {
        News::More(text) => Event::Delta(Delta { text, padding: Vec::new() }),
        News::Reset => Event::Reset(Reset {}),
        News::Done(outcome) => Event::Done(Done { turn: Some(views::turn(&outcome)) }),
        News::Failed(error) => Event::Failed(Failed {
            reason: error.reason().into(),
            retry_after: views::wait(error.retry_after()),
        }),
    };
    let mut event = pb::TurnEvent {
        turn_id,
        attempt: cursor.attempt.unsigned_abs(),
        offset: cursor.offset as u64,
        event: Some(event),
    };
    pad(&mut event);
    event
}

fn pad(event: &mut pb::TurnEvent) {
    let size = event.encoded_len();
    let Some(Event::Delta(delta)) = &mut event.event else { return };
    // Tag and length of the field take two bytes, as long as it is shorter than a block.
    let bare = size + 2;
    delta.padding = vec![0; bare.next_multiple_of(BLOCK) - bare];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_as_large_as_another() {
        let size = |text: &str, offset| {
            let cursor = Cursor { attempt: 1, offset };
            event(7, cursor, News::More(text.to_owned())).encoded_len()
        };
        let sizes = [size("a", 1), size(" incomprehensible", 3_000), size("ja", 20)];
        assert!(sizes.iter().all(|size| size.abs_diff(BLOCK) <= 3), "{sizes:?}");
    }
}
