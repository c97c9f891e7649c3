//! An answer until it is taken, piece by piece.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use super::backlog::Backlog;

/// The largest piece of an answer that is handed out at once, in bytes: what was handed out is out of
/// our hands.
pub(super) const PIECE: usize = 16 * 1024;

/// What a body says when it is asked for more.
pub(super) type Next = Option<Result<Frame<Bytes>, axum::Error>>;

/// An answer, and how it gets along.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    rest: Bytes,
    /// What comes then, if it is known already and nothing to be handed out in pieces: trailers, an error,
    /// or the end.
    after: Option<Next>,
    /// Whether it is there, or a piece of it was handed out, and it was not asked for more.
    is_waiting: bool,
    /// How much was handed out last, in bytes.
    handed_out: usize,
    /// When it was last asked for more, or came.
    asked: Instant,
    /// What lies here of it, in bytes, as far as we know: more of a stream is made when it is asked for.
    held: u64,
    backlog: Backlog,
}

impl Answer {
    pub(super) fn new(body: Body, backlog: Backlog) -> Self {
        let mut answer = Self {
            body,
            rest: Bytes::new(),
            after: None,
            is_waiting: true,
            handed_out: 0,
            asked: Instant::now(),
            held: 0,
            backlog,
        };
        // What is there already lies here, whether or not anybody ever asks for it.
        let context = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(first) = Pin::new(&mut answer.body).poll_frame(context) {
            answer.keep(first);
        }
        answer.count();
        answer
    }

    /// What comes next, in small pieces.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        // It is us who are waited for, until there is something.
        self.is_waiting = false;
        self.asked = Instant::now();
        self.handed_out = 0;
        self.count();
        if self.rest.is_empty() && self.after.is_none() {
            let next = ready!(Pin::new(&mut self.body).poll_frame(context));
            self.keep(next);
        }
        if let Some(after) = self.after.take() {
            return Poll::Ready(after);
        }
        // A copy: a part would keep all that it is a part of.
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        let piece = Bytes::copy_from_slice(&piece);
        self.handed_out = piece.len();
        self.is_waiting = true;
        self.count();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn keep(&mut self, next: Next) {
        match next.map(|next| next.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => self.rest = data,
            Some(Ok(Err(other))) => self.after = Some(Some(Ok(other))),
            Some(Err(error)) => self.after = Some(Some(Err(error))),
            None => self.after = Some(None),
        }
    }

    /// Nothing of it lies here any more, and whoever asks for more is told that it broke off.
    pub(super) fn break_off(&mut self) {
        (self.body, self.rest) = (Body::empty(), Bytes::new());
        let stalled = std::io::Error::from(std::io::ErrorKind::TimedOut);
        self.after = Some(Some(Err(axum::Error::new(stalled))));
        self.count();
    }

    /// How long it has waited to be asked for more, if it is not us who are waited for.
    pub(super) fn has_waited(&self) -> Option<Duration> {
        self.is_waiting.then(|| self.asked.elapsed())
    }

    /// Whether something of it was handed out last: who asks for more then has had room for it.
    pub(super) fn was_handed_out(&self) -> bool {
        self.handed_out > 0
    }

    fn count(&mut self) {
        let now = self.size_hint().lower() + self.handed_out as u64;
        self.backlog.change(std::mem::replace(&mut self.held, now), now);
    }

    pub(super) fn is_over(&self) -> bool {
        match &self.after {
            Some(after) => after.is_none(),
            // Asked once more it says so, and that it was asked tells that the last piece left.
            None => self.rest.is_empty() && self.handed_out == 0 && self.body.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.backlog.change(self.held, 0);
    }
}
