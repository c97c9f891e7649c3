//! The server's memory: what it was told to do, what it heard, and who hung up.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use crate::{Behaviour, Heard};

#[derive(Debug, Default)]
struct Page {
    queue: VecDeque<Behaviour>,
    always: Behaviour,
    steered: bool,
    heard: Vec<Heard>,
    hang_ups: usize,
    in_flight: usize,
}

impl Page {
    fn behaviour_for(&mut self, heard: &Heard) -> Behaviour {
        let steered = || heard.last_of_user().filter(|_| self.steered);
        (self.queue.pop_front())
            .or_else(|| steered().and_then(Behaviour::from_message))
            .unwrap_or_else(|| self.always.clone())
    }
}

/// One page behind one lock, so that the first request heard takes the first behaviour queued.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    page: watch::Sender<Page>,
}

impl Ledger {
    pub(crate) fn always(&self, behaviour: Behaviour) {
        self.page.send_modify(|page| page.always = behaviour);
    }

    pub(crate) fn queue(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.page.send_modify(|page| page.queue.extend(behaviours));
    }

    pub(crate) fn steer(&self) {
        self.page.send_modify(|page| page.steered = true);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.page.borrow().heard.clone()
    }

    pub(crate) fn hang_ups(&self) -> usize {
        self.page.borrow().hang_ups
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.page.borrow().in_flight
    }

    pub(crate) async fn heard_at_least(&self, count: usize) -> Vec<Heard> {
        self.wait_for(|page| page.heard.len() >= count).await;
        self.heard()
    }

    pub(crate) async fn hung_up_at_least(&self, count: usize) {
        self.wait_for(|page| page.hang_ups >= count).await;
    }

    async fn wait_for(&self, condition: impl FnMut(&Page) -> bool) {
        // It fails only when the sender is gone, and the sender is borrowed here.
        let _ = self.page.subscribe().wait_for(condition).await;
    }

    /// Writes down a request and decides what to do with it.
    pub(crate) fn open(self: &Arc<Self>, heard: Heard) -> (Exchange, Behaviour) {
        let mut behaviour = Behaviour::default();
        let mut number = 0;
        self.page.send_modify(|page| {
            behaviour = page.behaviour_for(&heard);
            page.heard.push(heard);
            page.in_flight += 1;
            number = page.heard.len();
        });
        (Exchange { ledger: Arc::clone(self), number, complete: false }, behaviour)
    }
}

/// One request and its answer. Dropped before it is complete, it counts as a hang-up.
#[derive(Debug)]
pub(crate) struct Exchange {
    ledger: Arc<Ledger>,
    number: usize,
    complete: bool,
}

impl Exchange {
    /// Which request this is, counted from one.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// From here on, a client that goes away has missed nothing.
    pub(crate) fn complete(&mut self) {
        if !self.complete {
            self.complete = true;
            self.ledger.page.send_modify(|page| page.in_flight -= 1);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.complete {
            self.ledger.page.send_modify(|page| {
                page.in_flight -= 1;
                page.hang_ups += 1;
            });
        }
    }
}
