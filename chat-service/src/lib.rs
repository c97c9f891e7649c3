//! Conversations.
//!
//! Owns sessions, messages and turns, and asks the language model. Knows people as numbers from
//! verified tokens; what belongs to one of them does not exist for the others.

mod buddy;
mod config;
mod conversations;
mod error;
mod grpc;
mod migrations;
mod pages;
mod prompt;
mod safety;
mod store;
mod turns;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auth_client::Verifier;
use chassis::tasks::Tasks;
use database::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::buddy::Buddy;
use crate::conversations::Conversations;
use crate::migrations::Migrator;
use crate::store::Store;
use crate::turns::Turns;

pub use buddy::limits::Limits as ModelLimits;
pub use config::{BuddyConfig, Config, ModelConfig};

/// For turns at work to end once a shutdown has begun, whether or not somebody waits for them.
const DRAIN: Duration = Duration::from_secs(9);

/// Runs the chat service on `listener` until `shutdown`, then finishes the turns in flight.
///
/// # Errors
/// When the database cannot be used, the model's client cannot be built, or the server fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let database = Database::open::<Migrator>(&config.database_url)
        .await
        .with_context(|| format!("the database {} cannot be opened", config.database_url))?;
    let store = Store::new(database.clone());
    let buddy = Buddy::new(&config.buddy)?;
    let verifier = Verifier::new(chassis::grpc::connect_lazily(config.auth_endpoint));

    let tasks = Tasks::new();
    let turns = Turns::new(store.clone(), buddy, tasks.clone(), &config.turns);
    let conversations = Conversations::new(store, turns, config.max_text_characters);
    let services = grpc::services(conversations, verifier.clone()).await;

    let background = Tasks::new();
    let (keys, stop) = (verifier.clone(), shutdown.clone());
    background.spawn(async move { keys.keep_fresh(stop).await });
    let (health, kept, stop) = (services.health(), database.clone(), shutdown.clone());
    background.spawn(async move {
        tokio::select! {
            () = verifier.ready() => tracing::info!("chat service is ready"),
            () = stop.cancelled() => {}
        }
        health.follow(stop, || kept.is_well()).await;
    });

    let (stopping, told) = (shutdown.clone(), Arc::new(OnceLock::new()));
    let noted = told.clone();
    background.spawn(async move {
        stopping.cancelled().await;
        noted.get_or_init(Instant::now);
    });
    let outcome = services.serve(listener, shutdown.clone()).await;
    shutdown.cancel();
    let spent = told.get_or_init(Instant::now).elapsed();
    if !tasks.drain(DRAIN.saturating_sub(spent)).await {
        tracing::warn!("turns were still running at the end of the drain");
    }
    background.drain(DRAIN.saturating_sub(spent)).await;
    database.close().await;
    outcome
}
