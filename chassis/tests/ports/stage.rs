//! A port with a service behind it that tells its callers who they are.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use chassis::authority;
use chassis::ending::Ending;
use chassis::grpc::{Health, Limits, Services};
use chassis::identity::{Caller, Certificates, Identity};
use chassis::tasks::Tasks;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Request, Response};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::transport::Endpoint;

/// The services that a port of these tests tells apart.
pub(crate) const CALLERS: [&str; 3] = ["auth-service", "chat-service", "gateway"];

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.unwrap()
}

/// An authority, with certificates for a few services and for a stranger.
pub(crate) struct Authority {
    folder: TempDir,
    made: DateTime<Utc>,
}

impl Authority {
    /// One that has made its certificates at this time.
    pub(crate) fn of(made: DateTime<Utc>) -> Self {
        let folder = TempDir::new().unwrap();
        let names: Vec<_> = CALLERS.into_iter().chain(["stranger"]).collect();
        authority::make(folder.path(), &names, made).unwrap();
        Self { folder, made }
    }

    pub(crate) fn new() -> Self {
        Self::of(chassis::clock::now())
    }

    /// Its own certificate, as PEM.
    pub(crate) fn pem(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ca.pem")).unwrap()
    }

    /// Lets those who have its certificates accept those of another, too.
    pub(crate) fn trusting(self, other: &Self) -> Self {
        std::fs::write(self.folder.path().join("ca.pem"), self.pem() + &other.pem()).unwrap();
        self
    }

    /// What a service with one of its certificates shows and accepts.
    pub(crate) fn identity(&self, name: &'static str) -> Identity {
        self.identity_among(name, &CALLERS)
    }

    pub(crate) fn identity_among(&self, name: &'static str, callers: &[&str]) -> Identity {
        let opened = Certificates::open(self.folder.path(), name, callers, self.made);
        Identity::Certificates(Arc::new(opened.unwrap()))
    }
}

/// A gRPC port, open until it is dropped.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<anyhow::Result<()>>,
    pub(crate) health: Health,
    /// Calls that have arrived.
    pub(crate) calls: Arc<AtomicUsize>,
    /// Calls of `Wait` end when there is one.
    pub(crate) answers: Arc<Semaphore>,
}

impl Port {
    pub(crate) async fn open(identity: &Identity) -> Self {
        Self::within(Limits::default(), identity).await
    }

    pub(crate) async fn within(limits: Limits, identity: &Identity) -> Self {
        Self::on("127.0.0.1:0", limits, identity).await
    }

    pub(crate) async fn on(address: &str, limits: Limits, identity: &Identity) -> Self {
        Self::ending(address, limits, Ending::default(), identity).await
    }

    pub(crate) async fn ending(
        address: &str,
        limits: Limits,
        ending: Ending,
        identity: &Identity,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let answers = Arc::new(Semaphore::new(0));
        let calls = Arc::<AtomicUsize>::default();
        let mirror = Mirror(answers.clone(), calls.clone());
        let services = Services::new(&[]).await.within(limits).ending(ending).add(mirror).await;
        let health = services.health();
        health.set_serving(true).await;
        let (stopped, identity) = (stop.clone(), identity.clone());
        let running =
            Tasks::new().spawn(async move { services.serve(listener, &identity, stopped).await });
        Self { address, stop, running, health, calls, answers }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("https://{}", self.address)).unwrap()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Answers with who calls, in the header `caller`.
#[derive(Clone)]
struct Mirror(Arc<Semaphore>, Arc<AtomicUsize>);

impl NamedService for Mirror {
    const NAME: &'static str = "test.Mirror";
}

impl Service<Request<Body>> for Mirror {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answers = self.0.clone();
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if request.uri().path().ends_with("/Wait") {
                answers.acquire().await.unwrap().forget();
            }
            let (parts, _) = request.into_parts();
            let caller = seen(parts.headers, parts.extensions);
            let answer = Response::builder().header("content-type", "application/grpc");
            let answer = answer.header("grpc-status", "0").header("caller", caller);
            Ok(answer.body(Body::empty()).unwrap())
        })
    }
}

/// Who a handler believes to be called by: `nobody`, unless it was shown.
fn seen(headers: HeaderMap, extensions: http::Extensions) -> &'static str {
    let metadata = MetadataMap::from_headers(headers);
    let caller = Caller::of(&tonic::Request::from_parts(metadata, extensions, ()));
    CALLERS.into_iter().find(|name| caller.is_one_of(&[name])).unwrap_or("nobody")
}
