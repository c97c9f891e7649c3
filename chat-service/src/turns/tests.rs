//! What becomes of those who wait, and of what comes, when turns are handed over.

use super::*;
use crate::config::{BuddyConfig, Disclosure};
use crate::store::tests::{open, said};

/// Turns that a buddy without a model answers.
async fn turns(folder: &tempfile::TempDir) -> Turns {
    let store = open(folder).await;
    let config = TurnsConfig {
        at_once: 4,
        crisis_patience: Duration::from_secs(1),
        window: Window { all: 8_000, reply: 1_000, reserve: 0 },
        person: greeting().limits,
        disclosure: Disclosure { every: Duration::from_hours(1), statutory: false },
        verdict: false,
    };
    let buddy = Buddy::new(&BuddyConfig::Offline).unwrap();
    Turns::new(store, buddy, &config).unwrap()
}

/// A first message, of which somebody else has the turn if it is stored.
fn greeting() -> Begin {
    let now = clock::now();
    said("hello", Lease::of(0, now), now)
}

async fn begin(turns: &Turns) -> Turn {
    let Begin { user_id, what, words, now, .. } = greeting();
    turns.begin(user_id, what, None, words, now).await.unwrap().turn
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_told_to_the_last_and_what_has_not_goes_on_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    // Where there is time enough to look once more.
    let turns = Turns { closed: CancellationToken::new(), ..turns(&folder).await };
    let here = begin(&turns).await;
    let there = turns.store.begin(Begin { user_id: 2, ..greeting() }).await.unwrap().turn;
    turns.retire(Duration::from_secs(7)).await;
    assert!(turns.outcome(1, here.id).await.unwrap().reply.is_some());
    assert!(matches!(turns.outcome(2, there.id).await, Err(Error::Interrupted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_another_process_looks_once_more_before_they_are_sent_there() {
    let folder = tempfile::tempdir().unwrap();
    let turns = Turns { closed: CancellationToken::new(), ..turns(&folder).await };
    let there = turns.store.begin(greeting()).await.unwrap().turn;
    let pausing = turns.pause(&there);
    tokio::pin!(pausing);
    assert!(futures_util::poll!(&mut pausing).is_pending());
    turns.closing.cancel();
    pausing.await.unwrap();
    assert!(matches!(turns.pause(&there).await, Err(Error::Interrupted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_is_left_to_whoever_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(&folder).await;
    turns.retire(Duration::from_secs(7)).await;
    let late = begin(&turns).await;
    assert!(turns.registry.all().is_empty(), "nobody would renew its lease");
    let left = turns.store.orphans(9, clock::now()).await.unwrap();
    assert_eq!(left.iter().map(|turn| turn.id).collect::<Vec<_>>(), [late.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_read_to_its_end_without_a_look_at_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(&folder).await;
    let turn = turns.store.begin(greeting()).await.unwrap().turn;
    let live = turns.registry.open(&turn);
    let mut reader = turns.follow(1, turn.id, Cursor::default());
    live.draft.push("I hear you.");
    assert!(matches!(reader.next().await, Some((_, News::More(text))) if text == "I hear you."));
    assert!(live.draft.is_viewed());
    let failure = Some(Failure::ModelUnavailable);
    let failed = Turn { state: State::Failed, failure, ..turn.clone() };
    let outcome = Outcome { turn: failed, reply: None, retry_after: Some(Duration::from_secs(9)) };
    turns.registry.close(turn.id, turn.claims, End::Stored(Box::new(outcome)));
    // What is stored would say that it goes on.
    let (_, end) = reader.next().await.unwrap();
    let News::Failed(Error::ModelUnavailable { retry_after }) = end else { unreachable!("an end") };
    assert_eq!(retry_after, Duration::from_secs(9));
    assert!(reader.next().await.is_none());
    drop(reader);
    assert!(!live.draft.is_viewed());
}
