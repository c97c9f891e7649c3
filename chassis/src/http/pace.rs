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
