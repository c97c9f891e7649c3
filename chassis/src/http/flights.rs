//! The requests of one connection that are in flight: from when they have arrived until their answer has
//! been handed over to the end, however long it is told.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::answers::Carried;

/// The requests of one connection. Clones count the same.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<watch::Sender<Count>>);

#[derive(Default)]
struct Count {
    in_flight: usize,
    /// Of these, those whose answer has not begun.
    unanswered: usize,
    /// Whether there ever was one.
    has_spoken: bool,
    /// Whether the next has begun to arrive.
    is_asking: bool,
    /// Whether they come one after the other, as over HTTP/1.1.
    is_plain: bool,
}

/// A request in flight.
pub(super) struct Flight {
    count: Arc<watch::Sender<Count>>,
    is_answered: bool,
}

impl Flights {
    /// One that has arrived.
    pub(super) fn begin(&self) -> Flight {
        self.0.send_modify(|count| {
            count.in_flight += 1;
            count.unanswered += 1;
            (count.has_spoken, count.is_asking) = (true, false);
        });
        Flight { count: self.0.clone(), is_answered: false }
    }

    /// Something has arrived over HTTP/1.1. Behind an answer that is the next request.
    pub(super) fn hear(&self) {
        self.0.send_if_modified(|count| {
            count.is_plain = true;
            let has_begun = count.in_flight == 0 && !count.is_asking;
            count.is_asking |= has_begun;
            has_begun
        });
    }

    /// Returns when one has begun to arrive, and not arrived for this long.
    pub(super) async fn half_asked(&self, length: Duration) {
        let mut count = self.0.subscribe();
        loop {
            // The sender lives as long as `self`, so waiting cannot fail.
            drop(count.wait_for(|count| count.is_asking).await);
            if timeout(length, count.wait_for(|count| !count.is_asking)).await.is_err() {
                return;
            }
        }
    }

    /// Whether there ever was one.
    pub(super) fn have_begun(&self) -> bool {
        self.0.borrow().has_spoken
    }

    /// Returns when whoever asks can be told to go: over HTTP/1.1 with the head of an answer, over HTTP/2 at any
    /// time. Whoever asks nothing within this time is not told.
    pub(super) async fn farewell(&self, length: Duration) {
        let mut count = self.0.subscribe();
        let chance = count.wait_for(|count| {
            let is_told_at_any_time = count.has_spoken && !count.is_plain;
            is_told_at_any_time || count.unanswered > 0
        });
        tokio::select! {
            _told = chance => {}
            () = sleep(length) => {}
        }
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
    pub(super) fn carry(mut self, body: Body) -> Carried<Body, Self> {
        self.is_answered = true;
        self.count.send_modify(|count| count.unanswered -= 1);
        Carried::new(body, self)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.count.send_modify(|count| {
            count.in_flight -= 1;
            count.unanswered -= usize::from(!self.is_answered);
        });
    }
}
