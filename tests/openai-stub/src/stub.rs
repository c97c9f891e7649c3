//! The handle by which a test holds the server.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{net::TcpListener, task::JoinSet};

use crate::{Behaviour, DEFAULT_VERDICT, Heard, ledger::Ledger, server};

/// A running server. It stops, and closes every connection, when this is dropped.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    /// For requests that ask for an answer in a given format, and not for a reply.
    verdicts: Arc<Ledger>,
    // A set, because it aborts its task when dropped.
    _server: JoinSet<()>,
}

impl Stub {
    /// Starts a server on a free port of the loopback interface.
    pub async fn start() -> io::Result<Self> {
        Self::listen(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
    }

    /// Starts a server on a socket that already listens.
    pub fn listen(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let ledger = Arc::new(Ledger::default());
        let mut server = JoinSet::new();
        let verdicts = Arc::new(Ledger::default());
        verdicts.always(Behaviour::reply(DEFAULT_VERDICT));
        server.spawn(server::serve(listener, Arc::clone(&ledger), Arc::clone(&verdicts)));
        Ok(Self { address, ledger, verdicts, _server: server })
    }

    /// What a client takes as the base URL of the API: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// From now on, behaves like this whenever nothing is queued.
    pub fn always(&self, behaviour: Behaviour) {
        self.ledger.always(behaviour);
    }

    /// From now on, behaves like this when an answer in a given format is asked for: how grave
    /// something is. Such requests take nothing from the queue, and count nowhere else.
    pub fn judges(&self, behaviour: Behaviour) {
        self.verdicts.always(behaviour);
    }

    /// Every request for an answer in a given format so far.
    #[must_use]
    pub fn judged(&self) -> Vec<Heard> {
        self.verdicts.heard()
    }

    /// Queues behaviours: each request takes one, before the default gets its turn.
    pub fn next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.ledger.queue(behaviours);
    }

    /// From now on, lets the last user message choose the behaviour, if nothing is queued and
    /// [`Behaviour::from_message`] knows what it asks for.
    pub fn steered_by_messages(&self) {
        self.ledger.steer();
    }

    /// Every chat request so far, in order of arrival.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.ledger.heard()
    }

    /// Waits until this many chat requests were heard, and returns all of them.
    pub async fn heard_at_least(&self, count: usize) -> Vec<Heard> {
        self.ledger.heard_at_least(count).await
    }

    /// How many answers were not yet complete when their client went away.
    ///
    /// An answer is complete as soon as its last piece is on its way, so a client that leaves on
    /// reading `[DONE]` did not hang up. Connections that the stub itself drops do not count.
    #[must_use]
    pub fn hang_ups(&self) -> usize {
        self.ledger.hang_ups()
    }

    /// Waits until this many clients hung up.
    pub async fn hung_up_at_least(&self, count: usize) {
        self.ledger.hung_up_at_least(count).await;
    }

    /// How many chat requests are being answered right now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.ledger.in_flight()
    }
}
