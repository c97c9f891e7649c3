//! The way to another service, of which there may be several: calls are spread over those that are well.

mod address;
mod attempts;
mod connection;
mod flight;
mod replica;
mod replicas;
mod standing;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;

use super::observing::Observed;
use crate::identity::{Identity, InProcess};
use crate::request_id;

use self::attempts::Attempts;
use self::connection::Way;
use self::replicas::Replicas;

pub use address::{Address, Loopback, Room};
pub use attempts::{Repeatable, repeatable};
pub use standing::Standing;

/// The way to another service. Clones share its connections, which end with the last of them.
#[derive(Clone)]
pub struct Channel {
    replicas: Arc<Replicas>,
    attempts: Attempts,
    along: Along,
    _until_then: Arc<DropGuard>,
}

/// What goes along with every call: the request id, and who calls, where no certificate says it.
#[derive(Debug, Clone)]
pub(crate) struct Along(Option<InProcess>);

impl Interceptor for Along {
    fn call(&mut self, request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        let mut request = request_id::Forward.call(request)?;
        if let Some(this) = &self.0 {
            this.sign(request.metadata_mut());
        }
        Ok(request)
    }
}

/// A channel to the service `peer`, which need not be there yet: services can start in any order. With
/// certificates, whoever answers at `address` must have that of `peer`.
///
/// A replica that cannot be reached is left at once, one that hangs or says that it does not serve within
/// 1.5 s. Must be called in a runtime.
#[must_use]
pub fn connect_lazily(
    address: impl Into<Address>,
    identity: &Identity,
    peer: &'static str,
) -> Channel {
    let (address, stop) = (address.into(), CancellationToken::new());
    let along = match identity {
        Identity::InProcess(this) => Along(Some(this.clone())),
        Identity::Certificates(_) => Along(None),
    };
    let way = Way::new(address.room, identity, peer);
    let replicas = Replicas::follow(address.urls, way, &stop);
    let until_then = Arc::new(stop.drop_guard());
    Channel { replicas, attempts: Attempts::default(), along, _until_then: until_then }
}

impl Channel {
    /// Has all replicas looked at, and returns how the best of them is, as soon as that is known: after 3 s
    /// at most.
    pub async fn standing(&self) -> Standing {
        self.replicas.look_again().await
    }

    async fn send(mut self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let metadata = MetadataMap::from_headers(std::mem::take(request.headers_mut()));
        let bare = tonic::Request::from_parts(metadata, http::Extensions::new(), ());
        let signed = self.along.call(bare)?;
        *request.headers_mut() = signed.into_parts().0.into_headers();
        self.attempts.send(&self.replicas, request).await
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        // However often it is sent, it is one call.
        let mut observed = Observed(tower::service_fn(move |request| this.clone().send(request)));
        observed.call(request)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Channel").finish_non_exhaustive()
    }
}
