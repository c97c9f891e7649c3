//! gRPC, both ends: a server with health and reflection, and a channel that knows its limits.

mod channel;
mod content;
mod doorway;
mod incoming;
mod observing;
mod taking;

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::middleware;
use http::Request;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use self::observing::Methods;
use crate::ending::{self, Ending};
use crate::identity::{self, Identity};
use crate::request_id;

pub use channel::{
    Address, Channel, Loopback, Repeatable, Room, Standing, connect_lazily, repeatable,
};
pub use incoming::Limits;
pub use observing::Observed;

/// Largest request a service takes, in bytes: eight times the largest body that a gateway of ours
/// takes.
pub const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;
/// Calls at once on one connection. A gateway has one connection to each service: limits on work are
/// kept by the service itself, which can say so, and this one only bounds what a connection can hold.
pub const MAX_STREAMS: u32 = 16_384;
/// No call lasts longer; the longest of ours, a turn, ends within a minute.
const CALL_LIMIT: Duration = Duration::from_secs(65);
/// Between two looks at whether a service is well.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// For such a look: more than a database needs to be given up and found again.
const LOOK: Duration = Duration::from_secs(12);
/// For calls in flight to be answered once a shutdown has begun.
const DRAIN: Duration = Duration::from_secs(8);

/// The services of one server, with health and reflection beside them.
pub struct Services {
    routes: RoutesBuilder,
    descriptors: &'static [u8],
    health: HealthReporter,
    names: Vec<&'static str>,
    limits: Limits,
    ending: Ending,
}

impl Services {
    /// Starts with health, which says "not serving" until told otherwise. `descriptors` is the encoded
    /// `FileDescriptorSet` that reflection answers from.
    pub async fn new(descriptors: &'static [u8]) -> Self {
        let (health, health_service) = tonic_health::server::health_reporter();
        let mut routes = Routes::builder();
        routes.add_service(health_service);
        let (names, limits, ending) = (vec![""], Limits::default(), Ending::default());
        let services = Self { routes, descriptors, health, names, limits, ending };
        // The reporter calls the server as a whole SERVING from the start.
        services.health().set_serving(false).await;
        services
    }

    /// Adds a generated server.
    pub async fn add<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes.add_service(service);
        self.names.push(S::NAME);
        self.health().set_serving(false).await;
        self
    }

    /// With other limits than those of the product.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Going away otherwise than usual.
    #[must_use]
    pub fn ending(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }

    /// The switch between serving and not serving.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { reporter: self.health.clone(), names: self.names.clone() }
    }

    /// What this server offers, for tools that ask. Both versions: older tools know only `v1alpha`.
    fn add_reflection(&mut self) -> anyhow::Result<()> {
        let reflection = || {
            let builder = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(self.descriptors)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .with_service_name("grpc.health.v1.Health");
            // The descriptors may describe services of other servers too.
            let names = self.names.iter().filter(|name| !name.is_empty());
            names.fold(builder, |builder, name| builder.with_service_name(*name))
        };
        let (current, older) = (reflection().build_v1()?, reflection().build_v1alpha()?);
        self.routes.add_service(current).add_service(older);
        Ok(())
    }

    /// Serves those whom `identity` admits until `shutdown`, then closes the port, says so to health
    /// checks, answers what is in flight and returns.
    pub async fn serve(
        mut self,
        listener: TcpListener,
        identity: &Identity,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let address = listener.local_addr()?;
        ensure!(
            identity.suffices_on(address),
            "without certificates only this machine may reach a service: not on {address}"
        );
        self.add_reflection().context("descriptors for reflection")?;
        let health = self.health();
        let router = self.routes.routes().prepare().into_axum_router();
        // With certificates, the connection itself says who calls: a service.
        let router = match identity {
            Identity::Certificates(_) => router,
            Identity::InProcess(this) => {
                let router = router.layer(middleware::from_fn(taking::watch));
                router.layer(middleware::from_fn_with_state(this.secret(), identity::tell))
            }
        };
        let router = router.layer(middleware::from_fn(content::only_grpc));
        let router = router.layer(middleware::from_fn(request_id::track));
        let methods = Methods::of(&[
            self.descriptors,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ])?;
        let observe = middleware::from_fn_with_state(methods, observing::observe);
        let router = router.layer(observe);
        let stop = shutdown.clone();
        let stopped = async move {
            stop.cancelled().await;
            health.set_serving(false).await;
        };
        let serving = Server::builder()
            .timeout(CALL_LIMIT)
            // Without a time for those that stay on: then tonic would not tell them that they should go, but
            // cut them off.
            .max_connection_age(self.ending.age())
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            // tonic passes "no limit" for what hyper would limit by itself (RUSTSEC-2024-0003).
            .max_concurrent_streams(MAX_STREAMS)
            .http2_max_local_error_reset_streams(Some(1024))
            .http2_max_pending_accept_reset_streams(Some(20))
            .http2_max_header_list_size(16 * 1024)
            .add_routes(router.into())
            .serve_with_incoming_shutdown(
                incoming::incoming(listener, identity.clone(), self.limits),
                stopped,
            );
        // A client that holds a connection open, silent, would keep the server from ending.
        let overdue = ending::after(DRAIN, &shutdown);
        tokio::select! {
            outcome = serving => outcome.context("gRPC server failed"),
            () = overdue.cancelled() => {
                tracing::warn!("calls were still in flight at the end of the drain");
                Ok(())
            }
        }
    }
}

/// Says whether a server's services are ready for calls.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
}

impl Health {
    /// Sets the answer for the server as a whole and for each of its services.
    pub async fn set_serving(&self, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in &self.names {
            self.reporter.set_service_status(*name, status).await;
        }
    }

    /// Asks `is_well` every few seconds until `stop`, and says what it answers; from then on, that nothing is
    /// served.
    pub async fn follow<F: Future<Output = bool>>(
        self,
        stop: CancellationToken,
        is_well: impl Fn() -> F,
    ) {
        loop {
            let looking = async {
                let is_well = tokio::time::timeout(LOOK, is_well()).await.unwrap_or(false);
                self.set_serving(is_well).await;
                tokio::time::sleep(HEARTBEAT).await;
            };
            if stop.run_until_cancelled(looking).await.is_none() {
                return self.set_serving(false).await;
            }
        }
    }
}
