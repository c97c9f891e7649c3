//! A reply as a stream of events.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use auth_client::Principal;
use chassis::request_id::Scope;
use futures_util::{Stream, StreamExt as _, stream};
use prost::Message as _;
use proto::chat::v1 as pb;
use proto::chat::v1::turn_event::{Accepted, Delta, Disclosure, Done, Event, Failed, Reset};
use tonic::{Response, Status};

use super::{Answer, safety, views};
use crate::conversations::{Conversations, Hearing};
use crate::error::Error;
use crate::limits::Allowance;
use crate::safety::Notice;
use crate::store::{Begun, Turn};
use crate::turns::{Cursor, Follower, News};

/// Events of one turn.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<pb::TurnEvent, Status>> + Send>>;

/// Events with words are padded to a multiple of this, in bytes: one word is as large as another.
const BLOCK: usize = 128;

/// What is said first of a turn, and the rest of it. Help comes before everything else.
pub(super) struct Opening {
    /// What the reader is told of already.
    pub(super) told: Option<Notice>,
    pub(super) accepted: Option<Accepted>,
    pub(super) disclosure: Option<Disclosure>,
}

/// The events of a turn that is about to begin. Whoever is in danger is given help before anything
/// else, whatever becomes of the turn.
pub(super) async fn of_beginning<F>(
    conversations: Arc<Conversations>,
    (who, heard): (Principal, Hearing),
    say: impl FnOnce(Arc<Conversations>, Principal, Hearing) -> F,
) -> Answer<Events>
where
    F: Future<Output = Result<Begun, Error>> + Send + 'static,
{
    let danger = heard.danger().cloned();
    let begun = say(conversations.clone(), who.clone(), heard);
    let Some(danger) = danger else {
        let begun = begun.await?;
        return Ok(Response::new(of_begun(&conversations, &who, &begun, None)));
    };
    let help = at_start(0, Event::Safety(safety::notice(&danger)));
    // The rest is told when the request has been answered, and belongs to it all the same.
    let scope = Scope::current();
    let rest = stream::once(async move {
        match scope.run(begun).await {
            Ok(begun) => of_begun(&conversations, &who, &begun, Some(danger)),
            Err(error) => refused(&error),
        }
    });
    let help = stream::once(ready(Ok(help)));
    Ok(Response::new(help.chain(rest.flatten()).boxed()))
}

/// The events of a turn that was begun, or found, just now. `told`: the help that the reader was
/// given already.
pub(super) fn of_begun(
    conversations: &Conversations,
    who: &Principal,
    begun: &Begun,
    told: Option<Notice>,
) -> Events {
    let turn = &begun.turn;
    let accepted = Some(accepted(turn, begun.replayed, &begun.allowances));
    let follower = conversations.follow(who, turn.id, Cursor::default());
    let disclosure = conversations.disclosure(turn).map(safety::disclosure);
    of_turn(turn, Opening { told, accepted, disclosure }, follower)
}

/// The end of a turn that was not begun.
fn refused(error: &Error) -> Events {
    let (reason, retry_after) = (error.reason().into(), views::wait(error.retry_after()));
    let failed = Event::Failed(Failed { reason, retry_after });
    stream::iter([Ok(at_start(0, failed))]).boxed()
}

fn at_start(turn_id: i64, event: Event) -> pb::TurnEvent {
    pb::TurnEvent { turn_id, attempt: 0, offset: 0, event: Some(event) }
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
pub(super) fn of_turn(turn: &Turn, opening: Opening, follower: Follower) -> Events {
    let turn_id = turn.id;
    let Opening { told, accepted, disclosure } = opening;
    let notice = turn.notice();
    // Also where the reader was given other help before the turn was there: what is kept counts.
    let unknown = notice.as_ref().filter(|notice| told.as_ref() != Some(*notice));
    let unknown = unknown.map(|notice| Event::Safety(safety::notice(notice)));
    // What somebody in danger needs comes first, whatever else there is to tell.
    let is_first = notice.as_ref().is_some_and(Notice::is_danger);
    let (first, then) = if is_first { (unknown, None) } else { (None, unknown) };
    let accepted = accepted.map(Event::Accepted);
    let opening =
        first.into_iter().chain(accepted).chain(disclosure.map(Event::Disclosure)).chain(then);
    let (opening, follower) = (
        opening.map(move |event| at_start(turn_id, event)).collect::<Vec<_>>(),
        follower.knowing(notice.as_ref()).knowing(told.as_ref()),
    );
    let told = stream::unfold(follower, move |mut follower| async move {
        let (cursor, news) = follower.next().await?;
        Some((event(turn_id, cursor, news), follower))
    });
    stream::iter(opening).chain(told).map(Ok).boxed()
}

fn event(turn_id: i64, cursor: Cursor, news: News) -> pb::TurnEvent {
    let event = match news {
        News::More(text) => Event::Delta(Delta { text, padding: Vec::new() }),
        News::Safety(notice) => Event::Safety(safety::notice(&notice)),
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
