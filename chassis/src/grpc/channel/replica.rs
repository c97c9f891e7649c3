//! One replica of a service: at one address, with one connection, looked at twice a second.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::Uri;

use super::connection::{Connection, Failed, Way};
use super::flight::Flight;
use super::standing::Standing;
use crate::answers::Carried;

/// Between two looks that nobody waits for, after [`PAUSE`]. With [`ANSWER`], what hangs is left after 1.5 s at
/// most.
const HEARTBEAT: Duration = Duration::from_millis(480);
/// For a replica to say how it is.
const ANSWER: Duration = Duration::from_secs(1);
/// For a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(2);
/// Between two looks, however many wait for one.
const PAUSE: Duration = Duration::from_millis(20);

/// What an answer holds until it has been read.
pub(super) type Taken = Carried<Incoming, Flight>;

/// One replica, looked after until it is dropped.
pub(super) struct Replica {
    address: SocketAddr,
    origin: Uri,
    seen: watch::Sender<Seen>,
    /// Told whenever something was seen, here or elsewhere.
    news: watch::Sender<()>,
    in_flight: Arc<AtomicUsize>,
    wanted: Notify,
    /// Looks, those that have not ended included.
    begun: AtomicU64,
    stop: CancellationToken,
}

/// What was seen last.
#[derive(Clone)]
struct Seen {
    standing: Standing,
    /// In which look, counted from 1.
    look: u64,
    connection: Option<Connection>,
    /// Why there is none.
    why: Option<Arc<str>>,
}

impl Replica {
    pub(super) fn new(
        address: SocketAddr,
        origin: Uri,
        news: watch::Sender<()>,
        stop: CancellationToken,
    ) -> Self {
        let seen = Seen { standing: Standing::Unreachable, look: 0, connection: None, why: None };
        Self {
            address,
            origin,
            seen: watch::Sender::new(seen),
            news,
            in_flight: Arc::default(),
            wanted: Notify::new(),
            begun: AtomicU64::new(0),
            stop,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it was when it was last looked at.
    pub(super) fn standing(&self) -> Standing {
        let standing = self.seen.borrow().standing;
        if self.is_connected() { standing } else { standing.min(Standing::Silent) }
    }

    /// Why there is no connection to it, for those who look after the service.
    pub(super) fn why(&self) -> Option<Arc<str>> {
        self.seen.borrow().why.clone()
    }

    /// How many looks have been begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// In which look it was seen last.
    pub(super) fn last_look(&self) -> u64 {
        self.seen.borrow().look
    }

    /// Calls at work.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Has it looked at now.
    pub(super) fn look_soon(&self) {
        self.wanted.notify_one();
    }

    /// Whether there is a connection to it.
    pub(super) fn is_connected(&self) -> bool {
        self.seen.borrow().connection.as_ref().is_some_and(|it| !it.is_closed())
    }

    /// Sends it a request. It may be on its way to the end when this has ended already.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Taken>, Failed> {
        let Some(connection) = self.seen.borrow().connection.clone() else {
            let status = tonic::Status::unavailable("it is away");
            return Err(Failed::Unsent(Box::new(request), status));
        };
        let flight = Flight::begin(&self.in_flight);
        match connection.send(request).await {
            Ok(response) => Ok(response.map(|body| Carried::new(body, flight))),
            Err(failed) => {
                if connection.is_closed() {
                    self.look_soon();
                }
                Err(failed)
            }
        }
    }

    /// Looks after it for as long as anybody wants to call it.
    pub(super) async fn keep(this: Weak<Self>, way: Way) {
        loop {
            let Some(replica) = this.upgrade() else { return };
            let stop = replica.stop.clone();
            let rest = async {
                replica.look(&way).await;
                sleep(PAUSE).await;
                let _heartbeat = timeout(HEARTBEAT, replica.wanted.notified()).await;
            };
            if stop.run_until_cancelled(rest).await.is_none() {
                return;
            }
        }
    }

    async fn look(self: &Arc<Self>, way: &Way) {
        let look = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let open = self.seen.borrow().connection.clone().filter(|it| !it.is_closed());
        let connection = match open {
            Some(connection) => Ok(connection),
            None => self.connect(way).await,
        };
        let (standing, connection, why) = match connection {
            Ok(connection) => {
                let said = timeout(ANSWER, connection.ask()).await;
                (said.unwrap_or(Standing::Silent), Some(connection), None)
            }
            Err((standing, why)) => (standing, None, Some(why)),
        };
        let is_news = self.standing() != standing || self.why() != why;
        if is_news {
            let (peer, why) = (way.peer(), why.as_deref());
            tracing::info!(peer, address = %self.address, ?standing, why, "a replica is otherwise");
        }
        self.seen.send_modify(|seen| {
            *seen = Seen { standing, look, connection, why };
        });
        self.news.send_replace(());
    }

    async fn connect(self: &Arc<Self>, way: &Way) -> Result<Connection, (Standing, Arc<str>)> {
        let this = Arc::downgrade(self);
        let ended = move || {
            if let Some(replica) = this.upgrade() {
                replica.look_soon();
            }
        };
        match timeout(CONNECT, way.connect(self.address, self.origin.clone(), ended)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err((Standing::Unreachable, error.to_string().into())),
            Err(_) => Err((Standing::Silent, "it does not answer".into())),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
