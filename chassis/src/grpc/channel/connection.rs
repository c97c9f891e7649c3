//! One connection to one replica.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::either::Either;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Uri;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Along;
use super::address::Room;
use super::standing::Standing;
use crate::identity::{Certificates, Identity, InProcess};
use crate::tasks::Tasks;

/// For a connection that says nothing while it should: then it is asked for a sign of life, and has
/// [`KEEP_ALIVE_TIMEOUT`] to give one. That a replica hangs is noticed sooner, by looking at it; this only
/// frees what waits for one that never comes back.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// How to speak with the replicas of a service.
#[derive(Clone)]
pub(super) struct Way {
    peer: &'static str,
    room: Room,
    security: Security,
}

#[derive(Clone)]
enum Security {
    /// A plain connection of this machine.
    Plain(InProcess),
    /// TLS, whatever the scheme of an address; whoever answers must have the certificate of the service.
    Certificates(Arc<Certificates>),
}

/// An open connection. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    requests: SendRequest<Body>,
    origin: Uri,
    along: Along,
}

/// Why there is no answer.
pub(super) enum Failed {
    /// Nothing was sent: it may be sent elsewhere.
    Unsent(Box<Request<Body>>, Status),
    /// It may have arrived.
    Lost(Status),
}

impl Way {
    pub(super) fn new(room: Room, identity: &Identity, peer: &'static str) -> Self {
        let security = match identity {
            Identity::InProcess(this) => Security::Plain(this.clone()),
            Identity::Certificates(certificates) => Security::Certificates(certificates.clone()),
        };
        Self { peer, room, security }
    }

    /// Which service it leads to.
    pub(super) fn peer(&self) -> &'static str {
        self.peer
    }

    /// Connects to `address`, of which people say `origin`. `ended` is called when the connection takes no
    /// calls any more.
    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        origin: Uri,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Connection> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let (socket, along) = match &self.security {
            Security::Plain(this) => (Either::Left(socket), Along(Some(this.clone()))),
            Security::Certificates(certificates) => {
                let secured = certificates.connect(socket, self.peer).await?;
                (Either::Right(secured), Along(None))
            }
        };
        let handshake = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(self.room.call)
            .initial_connection_window_size(self.room.connection)
            .max_header_list_size(self.room.headers)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(socket));
        let (requests, connection) = handshake.await.map_err(io::Error::other)?;
        // It ends with its last call, which may outlive whoever looks after it.
        Tasks::new().spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a service broke off");
            }
            ended();
        });
        Ok(Connection { requests, origin, along })
    }
}

impl Connection {
    /// Whether it takes no calls any more.
    pub(super) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Failed> {
        let request = addressed(request, &self.origin);
        match self.requests.clone().try_send_request(request).await {
            Ok(response) => Ok(response),
            Err(mut error) => {
                let unsent = error.take_message();
                let status = Status::from_error(error.into_error().into());
                Err(match unsent {
                    Some(request) => Failed::Unsent(Box::new(request), status),
                    None => Failed::Lost(status),
                })
            }
        }
    }

    /// How the replica says that it is; takes as long as it takes.
    pub(super) async fn ask(&self) -> Standing {
        let calls = InterceptedService::new(self.clone(), self.along.clone());
        let request = HealthCheckRequest { service: String::new() };
        match HealthClient::new(calls).check(request).await {
            Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => Standing::Well,
            // As gRPC says: one without the service of health is taken for well.
            Err(status) if status.code() == Code::Unimplemented => Standing::Well,
            Err(_) if self.is_closed() => Standing::Unreachable,
            Ok(_) | Err(_) => Standing::NotServing,
        }
    }
}

/// For questions about health, which are not tried twice.
impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            this.send(request).await.map_err(|failed| match failed {
                Failed::Unsent(_, status) | Failed::Lost(status) => status,
            })
        })
    }
}

/// The request as it is sent to `origin`: HTTP/2 wants to know the scheme and whom it is for.
fn addressed(mut request: Request<Body>, origin: &Uri) -> Request<Body> {
    let mut parts = Parts::default();
    parts.scheme = origin.scheme().cloned();
    parts.authority = origin.authority().cloned();
    parts.path_and_query = request.uri().path_and_query().cloned();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
