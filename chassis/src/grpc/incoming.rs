//! Connections to a gRPC port, as soon as they are worth serving.
//!
//! Each gets ready beside the others: whoever is silent or slow holds up nobody but themselves.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, future, stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tonic::transport::server::Connected;

use super::doorway::Doorway;
use crate::answers::{self, Backlog, Pace};
use crate::frames::Heard;
use crate::identity::{Caller, Identity, Peer};
use crate::listener::{self, Place, Room};
use crate::process::descriptors;

/// What a client may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once, if there are eight times as many file descriptors; more wait in the kernel's
    /// queue.
    pub max_connections: usize,
    /// Of them, those that have not shown yet what they are; if there are more, the oldest is cut off.
    pub max_unready: usize,
    /// The same, from one address.
    pub max_unready_per_address: usize,
    /// For the first byte of a connection to arrive.
    pub first_byte: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For anything to arrive after that. Longer than it takes to answer a sign of life.
    pub silence: Duration,
    /// For a peer to take anything of what it is told; one that reads nothing is let go.
    pub write_stall: Duration,
    /// Of all answers together that nobody has taken yet, in bytes; if there is more, those of which nothing
    /// is taken for 2 s are broken off.
    pub max_backlog: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_unready: 256,
            max_unready_per_address: 64,
            first_byte: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            silence: Duration::from_secs(90),
            write_stall: answers::WRITE_STALL,
            max_backlog: answers::MAX_BACKLOG,
        }
    }
}

/// Those who connect to `listener` and show what `identity` asks for. Dropped, it closes the port.
pub(super) fn incoming(
    listener: TcpListener,
    identity: Identity,
    limits: Limits,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    let most = descriptors::share(limits.max_connections, 8);
    let port = (listener, Room::new(most));
    let backlog = Backlog::new(limits.max_backlog);
    let doorway = Doorway::new(limits.max_unready, limits.max_unready_per_address);
    let accepted = stream::unfold(port, |port| async {
        let next = listener::accept(&port.0, &port.1).await;
        Some((next, port))
    });
    accepted
        .map(move |(socket, place)| {
            let address = socket.peer_addr().ok();
            let entrance = doorway.enter(address.map(|address| address.ip()));
            let peer = Peer { caller: Caller::default(), address, pace: Pace::new(&backlog) };
            let opening = Guest::receive(socket, peer, place, identity.clone(), limits.clone());
            async move { entrance.pass(opening).await.flatten() }
        })
        .buffer_unordered(most)
        .filter_map(|opened| future::ready(opened.map(Ok)))
}

/// Plain, or encrypted.
type Socket = Either<TcpStream, TlsStream<TcpStream>>;

/// A connection that is ready to be served.
pub(super) type Connection = Heard<Pin<Box<TimeoutStream<Socket>>>, Guest>;

/// Who is at the other end of a connection, and their place among all.
pub(super) struct Guest {
    peer: Peer,
    _place: Place,
}

impl Guest {
    /// `None`: it came to nothing.
    async fn receive(
        socket: TcpStream,
        mut peer: Peer,
        place: Place,
        identity: Identity,
        limits: Limits,
    ) -> Option<Connection> {
        // An answer should leave at once; failing to say so only makes it slower.
        let _slower = socket.set_nodelay(true);
        let spoken = timeout(limits.first_byte, socket.peek(&mut [0])).await;
        if !matches!(spoken, Ok(Ok(1..))) {
            return None;
        }
        let (socket, caller) = match identity {
            Identity::InProcess(_) => (Either::Left(socket), peer.caller),
            Identity::Certificates(certificates) => {
                match timeout(limits.handshake, certificates.accept(socket)).await {
                    Ok(Ok((socket, caller))) => (Either::Right(socket), caller),
                    // Services that wait for each other at a start hang up and come again.
                    Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        tracing::debug!(from = ?peer.address, "somebody hung up before they showed who they are");
                        return None;
                    }
                    Ok(Err(error)) => {
                        tracing::warn!(%error, from = ?peer.address, "a TLS handshake failed");
                        return None;
                    }
                    Err(_) => {
                        tracing::warn!(from = ?peer.address, "a TLS handshake took too long");
                        return None;
                    }
                }
            }
        };
        let mut stream = TimeoutStream::new(socket);
        stream.set_read_timeout(Some(limits.silence));
        stream.set_write_timeout(Some(limits.write_stall));
        peer.caller = caller;
        let answers = peer.pace.clone();
        let end = async move { answers.ends(limits.write_stall).await };
        Some(Heard::new(Box::pin(stream)).until(end).of(Self { peer, _place: place }))
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.guest.peer.clone()
    }
}
