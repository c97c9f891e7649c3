//! The public face: JSON in, JSON out.
//!
//! Turns the documented API into calls of the services. Keeps nothing: no state, no SQL, no private
//! key. What it answers when something is wrong is decided in one table, `error`.

mod accept;
mod accounts;
mod backends;
mod body;
mod caller;
mod client_address;
mod config;
mod cors;
mod disclosure;
mod error;
mod etag;
mod events;
mod export;
mod fields;
mod framing;
mod health;
mod help;
mod idempotency;
mod ids;
mod jwks;
mod language;
mod limits;
mod messages;
mod preferences;
mod query;
mod render;
mod replies;
mod resources;
mod router;
mod sessions;
mod turns;
mod usage;
mod views;

use std::sync::Arc;

use auth_client::Verifier;
use chassis::ending;
use chassis::tasks::Tasks;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::backends::Backends;
use crate::router::App;

pub use client_address::TrustedProxies;
pub use config::{Config, Origins, Streams};

/// Runs the gateway on `listener` until `shutdown`, then answers what is in flight or on its way.
pub async fn serve(listener: TcpListener, config: Config, shutdown: CancellationToken) {
    let (told, shutdown) = (shutdown.clone(), ending::after(config.notice, &shutdown));
    let identity = config.identity;
    let auth =
        chassis::grpc::connect_lazily(config.auth_endpoint, &identity, proto::services::AUTH);
    let verifier = Verifier::new(auth.clone());
    let app = App {
        backends: Backends::new(auth, config.chat_endpoint, &identity),
        verifier: verifier.clone(),
        draining: told,
        overdue: ending::after(config.streams.drain, &shutdown),
        streams: config.streams,
        proxies: Arc::new(config.trusted_proxies),
    };
    // Whoever is behind a proxy of ours shares its address with everybody else.
    let mut limits = config.limits;
    limits.unbounded_networks.extend_from_slice(app.proxies.networks());
    let background = Tasks::new();
    let stop = shutdown.clone();
    background.spawn(async move { verifier.keep_fresh(stop).await });
    let router = router::build(app, &config.origins);
    chassis::http::serve(listener, router, &limits, shutdown).await;
    background.drain(limits.drain).await;
}
