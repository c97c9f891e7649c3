//! Whether a client takes what it asked for. Over HTTP/2 it may say how much it takes, and until then an
//! answer lies here while the connection itself is well.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// The largest piece of an answer that is handed out at once, in bytes: what was handed out is out of
/// our hands.
const PIECE: usize = 16 * 1024;

/// How the answers of one connection get along.
#[derive(Clone)]
pub(super) struct Pace(Arc<Mutex<State>>);

struct State {
    /// Answers of which a piece was handed out and no other was asked for.
    waiting: usize,
    /// When one was last asked for.
    asked: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { waiting: 0, asked: Instant::now() })))
    }

    /// An answer that says how it gets along.
    pub(super) fn of(&self, body: Body) -> Body {
        Body::new(Paced { body, rest: Bytes::new(), pace: self.clone(), is_waiting: false })
    }

    /// Waits until answers have waited for so long, and nothing was taken of any.
    pub(super) async fn stalls(&self, patience: Duration) {
        while self.with(|state| state.waiting == 0 || state.asked.elapsed() < patience) {
            tokio::time::sleep(patience / 8).await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An answer, in small pieces.
struct Paced {
    body: Body,
    rest: Bytes,
    pace: Pace,
    is_waiting: bool,
}

impl Paced {
    fn wait(&mut self, waits: bool) {
        let was_waiting = std::mem::replace(&mut self.is_waiting, waits);
        self.pace.with(|state| {
            state.waiting = state.waiting + usize::from(waits) - usize::from(was_waiting);
            state.asked = Instant::now();
        });
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // It is us who are waited for, until there is something.
        self.wait(false);
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return Poll::Ready(other),
            }
        }
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        self.wait(true);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.wait(false);
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(400);
    /// Longer than that.
    const LONG: Duration = Duration::from_secs(1);

    /// What a client takes when it has room: the size of a piece, 0 at the end.
    async fn take(body: &mut Body) -> usize {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        frame.map_or(0, |frame| frame.unwrap().into_data().unwrap().len())
    }

    #[tokio::test]
    async fn an_answer_of_which_nothing_is_taken_stalls_and_one_that_is_taken_slowly_does_not() {
        let pace = Pace::new();
        let mut body = pace.of(Body::from(vec![b'a'; 3 * PIECE + 1]));
        assert_eq!(body.size_hint().exact(), Some(3 * PIECE as u64 + 1));
        assert!(timeout(LONG, pace.stalls(PATIENCE)).await.is_err(), "nothing was handed out");
        let taking = async {
            for _ in 0..3 {
                assert_eq!(take(&mut body).await, PIECE);
                tokio::time::sleep(PATIENCE / 20).await;
            }
        };
        tokio::select! {
            () = taking => {}
            () = pace.stalls(PATIENCE) => panic!("it was taken"),
        }
        assert!(timeout(LONG, pace.stalls(PATIENCE)).await.is_ok(), "the rest is not taken");
        assert_eq!((take(&mut body).await, take(&mut body).await), (1, 0));
        drop(body);
        assert!(timeout(LONG, pace.stalls(PATIENCE)).await.is_err(), "there is no more of it");
    }

    #[tokio::test]
    async fn what_is_not_there_yet_is_waited_for() {
        let pace = Pace::new();
        let silent = futures_util::stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let mut body = pace.of(Body::from_stream(silent));
        assert!(timeout(LONG, take(&mut body)).await.is_err());
        assert!(timeout(LONG, pace.stalls(PATIENCE)).await.is_err(), "it is us who are slow");
    }
}
