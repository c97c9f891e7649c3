//! Whether a client takes what it asked for. Over HTTP/2 it may say how much it takes, if anything, and until
//! then an answer lies here while the connection itself is well.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::SizeHint;
use tokio::time::Instant;

use super::answer::{Answer, Next};
use super::backlog::Backlog;

/// How long an answer is waited for that is not taken, where more lies here than there is room for. A
/// client takes a piece in much less, however far away it is.
const HURRY: Duration = Duration::from_secs(2);

/// How the answers of one connection get along.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    backlog: Backlog,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    next: u64,
    answers: HashMap<u64, Arc<Mutex<Answer>>>,
    /// When any of them was last taken from, or the first came.
    taken: Instant,
}

impl Pace {
    pub(crate) fn new(backlog: &Backlog) -> Self {
        let state = State { next: 0, answers: HashMap::new(), taken: Instant::now() };
        Self { backlog: backlog.clone(), state: Arc::new(Mutex::new(state)) }
    }

    /// An answer that says how it gets along.
    pub(crate) fn of(&self, body: Body) -> Body {
        let answer = Arc::new(Mutex::new(Answer::new(body, self.backlog.clone())));
        let mut state = self.state();
        // One more that is not taken is no sign that something is.
        if state.answers.is_empty() {
            state.taken = Instant::now();
        }
        let number = state.next;
        state.next += 1;
        state.answers.insert(number, answer.clone());
        drop(state);
        Body::new(Paced { number, answer, pace: self.clone() })
    }

    /// Breaks off answers that have not been taken for too long, so that nothing lies here of them, and
    /// returns when the connection should end: when nothing was taken of any for so long.
    pub(crate) async fn ends(&self, patience: Duration) {
        loop {
            tokio::time::sleep(patience / 16).await;
            let all: Vec<_> = self.state().answers.values().cloned().collect();
            let mut is_waiting = false;
            for answer in all {
                let mut answer = lock(&answer);
                let Some(waited) = answer.has_waited() else { continue };
                is_waiting = true;
                let patience = if self.backlog.is_full() { HURRY.min(patience) } else { patience };
                if waited >= patience {
                    answer.break_off();
                }
            }
            if is_waiting && self.state().taken.elapsed() >= patience {
                tracing::debug!("nothing of an answer was taken");
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer on its way. That nobody wants it any more is no sign that anything is taken.
struct Paced {
    number: u64,
    answer: Arc<Mutex<Answer>>,
    pace: Pace,
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Next> {
        let mut answer = lock(&self.answer);
        // It may be asked once, for what is there, before anybody has room for it.
        if answer.was_handed_out() {
            self.pace.state().taken = Instant::now();
        }
        answer.poll_next(context)
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.answer).is_over()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.answer).size_hint()
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.pace.state().answers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::Ordering;

    use futures_util::stream;
    use http::HeaderMap;
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;
    use tokio::time::timeout;

    use super::super::answer::PIECE;
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(400);
    /// Longer than that.
    const LONG: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(&Backlog::new(u64::MAX))
    }

    async fn ends(pace: &Pace) -> bool {
        timeout(LONG, pace.ends(PATIENCE)).await.is_ok()
    }

    /// What a client takes when it has room: the size of a piece, 0 at the end.
    async fn take(body: &mut Body) -> usize {
        let frame = body.frame().await;
        frame.map_or(0, |frame| frame.unwrap().into_data().unwrap().len())
    }

    #[tokio::test]
    async fn an_answer_of_which_nothing_is_taken_stalls_and_one_that_is_taken_slowly_does_not() {
        let pace = pace();
        assert!(!ends(&pace).await, "nothing is there");
        let mut body = pace.of(Body::from(vec![b'a'; 3 * PIECE + 1]));
        assert_eq!(body.size_hint().exact(), Some(3 * PIECE as u64 + 1));
        let taking = async {
            for _ in 0..3 {
                assert_eq!(take(&mut body).await, PIECE);
                tokio::time::sleep(PATIENCE / 20).await;
            }
        };
        tokio::select! {
            () = taking => {}
            () = pace.ends(PATIENCE) => panic!("it was taken"),
        }
        assert!(ends(&pace).await, "the rest is not taken");
        assert!(body.frame().await.unwrap().is_err(), "and not kept");
        drop(body);
        assert!(!ends(&pace).await, "there is no more of it");
    }

    /// Whoever has no room at all is asked for at most once: for what is there.
    #[tokio::test]
    async fn an_answer_that_is_not_taken_stalls_however_many_more_come_and_go() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        for body in [Body::from("there"), silent] {
            let pace = pace();
            let _never_asked_for = pace.of(body);
            let more = async {
                loop {
                    let mut more = pace.of(Body::from("more"));
                    assert_eq!(take(&mut more).await, 4);
                    tokio::time::sleep(PATIENCE / 20).await;
                }
            };
            tokio::select! {
                () = more => {}
                ends = ends(&pace) => assert!(ends),
            }
        }
    }

    /// Many people may share a connection.
    #[tokio::test]
    async fn an_answer_that_is_not_taken_is_broken_off_and_others_go_on() {
        let backlog = Backlog::new(u64::MAX);
        let pace = Pace::new(&backlog);
        let mut slow = pace.of(Body::from(vec![b'a'; 3 * PIECE]));
        assert_eq!(take(&mut slow).await, PIECE);
        let others = async {
            while backlog.bytes.load(Ordering::Relaxed) > PIECE as u64 {
                let mut other = pace.of(Body::from("small"));
                assert_eq!((take(&mut other).await, take(&mut other).await), (5, 0));
                tokio::time::sleep(PATIENCE / 20).await;
            }
        };
        tokio::select! {
            () = others => {}
            () = pace.ends(PATIENCE) => panic!("it goes on"),
        }
        assert!(slow.frame().await.unwrap().is_err());
        drop(slow);
        assert_eq!(backlog.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn what_is_not_there_yet_is_waited_for() {
        let pace = pace();
        let silent = stream::pending::<Result<Bytes, Infallible>>();
        let mut body = pace.of(Body::from_stream(silent));
        assert!(timeout(LONG, take(&mut body)).await.is_err());
        assert!(!ends(&pace).await, "it is us who are slow");
    }

    /// Whoever is patient with those who take nothing is so only while there is room.
    #[tokio::test]
    async fn where_there_is_no_room_an_answer_is_broken_off_sooner() {
        const PATIENCE: Duration = Duration::from_secs(8);
        let backlog = Backlog::new(1_000);
        let page =
            |bytes| Body::from_stream(stream::iter([Ok::<_, Infallible>(vec![b'a'; bytes])]));
        let held = || backlog.bytes.load(Ordering::Relaxed);
        let (ada, grace) = (Pace::new(&backlog), Pace::new(&backlog));
        let mut untaken = grace.of(page(600));
        assert_eq!(held(), 600, "it is there before anybody asks");
        assert!(timeout(HURRY * 3 / 2, grace.ends(PATIENCE)).await.is_err());
        assert_eq!(held(), 600, "there is room");
        let mut much = ada.of(page(500));
        let taking = async {
            while held() > 1_000 {
                tokio::time::sleep(HURRY / 4).await;
            }
            assert_eq!((take(&mut much).await, take(&mut much).await), (500, 0));
        };
        tokio::select! {
            () = taking => {}
            () = grace.ends(PATIENCE) => panic!("its connection may have other answers"),
        }
        assert!(untaken.frame().await.unwrap().is_err());
        drop((untaken, much));
        assert_eq!(held(), 0);
    }

    #[tokio::test]
    async fn an_answer_arrives_as_it_is_with_its_trailers_or_its_error() {
        let pace = pace();
        let trailers = HeaderMap::from_iter([(http::header::ETAG, "end".parse().unwrap())]);
        for text in ["", "text", &"long ".repeat(PIECE)] {
            let body = Body::new(http_body_util::Full::from(text.to_owned()));
            assert_eq!(pace.of(body).collect().await.unwrap().to_bytes(), text);
            let sent = Ok::<_, Infallible>(trailers.clone());
            let body =
                http_body_util::Full::from(text.to_owned()).with_trailers(async { Some(sent) });
            let came = pace.of(Body::new(body)).collect().await.unwrap();
            assert_eq!(came.trailers(), Some(&trailers));
            assert_eq!(came.to_bytes(), text);
        }
        assert!(pace.of(Body::empty()).is_end_stream());
        for start in [None, Some("a start")] {
            let parts = start.into_iter().map(Ok).chain([Err("broken")]);
            let mut broken = pace.of(Body::from_stream(stream::iter(parts.collect::<Vec<_>>())));
            if let Some(start) = start {
                assert_eq!(take(&mut broken).await, start.len());
            }
            assert!(broken.frame().await.unwrap().is_err());
        }
    }
}
