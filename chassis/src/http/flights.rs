//! The requests of one connection that are in flight: from when they have arrived until their answer has
//! been handed over to the end, however long it is told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::timeout;

/// The requests of one connection. Clones count the same.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<watch::Sender<Count>>);

#[derive(Default)]
struct Count {
    in_flight: usize,
    /// Whether there ever was one.
    has_spoken: bool,
}

/// A request in flight.
pub(super) struct Flight(Arc<watch::Sender<Count>>);

impl Flights {
    /// One that has arrived.
    pub(super) fn begin(&self) -> Flight {
        self.0.send_modify(|count| {
            count.in_flight += 1;
            count.has_spoken = true;
        });
        Flight(self.0.clone())
    }

    /// Whether there ever was one.
    pub(super) fn have_begun(&self) -> bool {
        self.0.borrow().has_spoken
    }

    /// Returns when none has been in flight for this long.
    pub(super) async fn rest(&self, length: Duration) {
        let mut count = self.0.subscribe();
        loop {
            let is_at_work = count.borrow_and_update().in_flight > 0;
            // The sender lives as long as `self`, so waiting cannot fail.
            if is_at_work {
                let _alive = count.changed().await;
            } else if timeout(length, count.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Flight {
    /// An answer, in flight until its end or until nobody wants it.
    pub(super) fn carry(self, body: Body) -> Answer {
        Answer { body, _flight: self }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.in_flight -= 1);
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    _flight: Flight,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
