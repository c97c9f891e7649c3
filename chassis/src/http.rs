//! An HTTP server that does not wait for ever: not for a first byte, not for a header, not for a
//! client that stopped reading or asks nothing any more, not at the end.
//!
//! `axum::serve` installs no timer, so a connection that sends half a header stays open for good.

mod flights;
mod observing;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use self::flights::Flights;
use crate::answers::{self, Backlog, Pace};
use crate::ending;
use crate::frames::Heard;
use crate::listener::{self, Room};
use crate::process::descriptors;
use crate::tasks::Tasks;

pub use observing::observe;

/// Requests at once on one connection: as many as RFC 9113 finds enough, as each may hold a page.
const MAX_STREAMS: u32 = 100;

/// How long connections are still accepted once a shutdown has begun: those in the kernel's queue go with the port.
const QUEUE: Duration = Duration::from_millis(50);

/// What a client may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the first request of a connection to arrive, and for every header that has begun to be complete.
    pub header_timeout: Duration,
    /// Headers of one request; more are answered 431.
    pub max_headers: usize,
    /// Connections at once, if there are twice as many file descriptors; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Connections from one network at once, and half of all at most; more are closed. A network is a /24
    /// of IPv4 or a /64 of IPv6.
    pub max_connections_per_network: usize,
    /// Networks that have no such bound: proxies, behind which everybody is.
    pub unbounded_networks: Vec<IpNet>,
    /// For a connection without a request in flight: then it is asked to end, and as long again later it
    /// is cut off. Over HTTP/1.1 nobody can be asked: a client that has just begun to say something then cannot
    /// know whether it was heard.
    pub idle: Duration,
    /// For a client to take anything of what it asked for; one that reads nothing is let go.
    pub write_stall: Duration,
    /// Of all answers together that nobody has taken yet, in bytes; if there is more, those of which nothing
    /// is taken for 2 s are broken off.
    pub max_backlog: u64,
    /// For requests in flight to be answered once a shutdown has begun.
    pub drain: Duration,
    /// Of that, for whoever is connected and asks nothing to ask once more: a connection that is closed while a
    /// request is on its way to it loses that.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            max_headers: 100,
            max_connections: 10_000,
            max_connections_per_network: 1_000,
            unbounded_networks: Vec::new(),
            // Clients and proxies give up theirs first: after 90 s Go's and hyper's, after 60 s nginx's and AWS's.
            idle: Duration::from_mins(2),
            write_stall: answers::WRITE_STALL,
            max_backlog: answers::MAX_BACKLOG,
            drain: Duration::from_secs(10),
            linger: Duration::from_secs(1),
        }
    }
}

/// Serves `router` until `shutdown`, then answers what is in flight or on its way and returns. Requests have the other
/// end's address as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    shutdown: CancellationToken,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // From the end of the request before on: how long a header may take that has begun, `Flights` knows.
        .header_read_timeout(limits.idle)
        .max_headers(limits.max_headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(10));
    let builder = Arc::new(builder);
    // What stands behind a connection needs files and sockets, too.
    let places = descriptors::share(limits.max_connections, 2);
    let per_network = limits.max_connections_per_network.min(places.div_ceil(2));
    let room = Room::shared(places, per_network, limits.unbounded_networks.clone());
    let backlog = Backlog::new(limits.max_backlog);
    let (tasks, cut) = (Tasks::new(), CancellationToken::new());
    let closed = ending::after(QUEUE, &shutdown);
    loop {
        let (stream, place) = tokio::select! {
            () = closed.cancelled() => break,
            connected = listener::accept(&listener, &room) => connected,
        };
        let connection = Connection {
            builder: builder.clone(),
            router: router.clone(),
            limits: limits.clone(),
            backlog: backlog.clone(),
            stop: shutdown.clone(),
        };
        let cut = cut.clone();
        tasks.spawn(async move {
            cut.run_until_cancelled(connection.serve(stream)).await;
            drop(place);
        });
    }
    drop(listener);
    if !tasks.drain(limits.drain).await {
        tracing::warn!("requests were still in flight at the end of the drain");
        cut.cancel();
    }
}

struct Connection {
    builder: Arc<auto::Builder<TokioExecutor>>,
    router: Router,
    limits: Limits,
    backlog: Backlog,
    stop: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        // An answer should leave at once; failing to say so only makes it slower.
        let _slower = stream.set_nodelay(true);
        let peer = stream.peer_addr().ok().map(ConnectInfo);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.write_stall));
        let (flights, router) = (Flights::default(), self.router);
        let asking = flights.clone();
        let stream = Heard::new(Box::pin(stream)).telling(move || asking.hear());
        let stream = TokioIo::new(stream);
        let pace = Pace::new(&self.backlog);
        let (begun, paced, stop) = (flights.clone(), pace.clone(), self.stop.clone());
        let service = tower::service_fn(move |mut request: http::Request<Incoming>| {
            let (flight, paced, stop) = (begun.begin(), paced.clone(), stop.clone());
            let is_plain = request.version() <= http::Version::HTTP_11;
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            let answer = router.clone().oneshot(request.map(Body::new));
            async move {
                let mut answer = answer.await?.map(|body| flight.carry(paced.of(body)));
                if is_plain && stop.is_cancelled() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = self.builder.serve_connection(stream, TowerToHyperService::new(service));
        tokio::pin!(connection);
        let silence = tokio::time::sleep(self.limits.header_timeout);
        tokio::pin!(silence);
        let rest = flights.rest(self.limits.idle);
        tokio::pin!(rest);
        let half_asked = flights.half_asked(self.limits.header_timeout);
        tokio::pin!(half_asked);
        let end = pace.ends(self.limits.write_stall);
        tokio::pin!(end);
        let farewell = async {
            self.stop.cancelled().await;
            flights.farewell(self.limits.linger).await;
        };
        tokio::pin!(farewell);
        let (mut stopping, mut waiting, mut resting) = (false, true, false);
        loop {
            tokio::select! {
                outcome = connection.as_mut() => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = end.as_mut() => return,
                () = half_asked.as_mut() => return,
                () = farewell.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                    if !flights.have_begun() {
                        return;
                    }
                }
                () = silence.as_mut(), if waiting => {
                    waiting = false;
                    if !flights.have_begun() {
                        return;
                    }
                }
                () = rest.as_mut() => {
                    if resting {
                        return;
                    }
                    resting = true;
                    connection.as_mut().graceful_shutdown();
                    rest.set(flights.rest(self.limits.idle));
                }
            }
        }
    }
}
