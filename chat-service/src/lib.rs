//! Conversations.
//!
//! Owns sessions, messages and turns, and asks the language model. Knows people as numbers from
//! verified tokens; what belongs to one of them does not exist for the others.

mod buddy;
mod config;
mod conversations;
mod draft;
mod error;
mod grpc;
mod limits;
mod metrics;
mod migrations;
mod pages;
mod prompt;
pub mod report;
mod requests;
pub mod safety;
mod store;
mod titles;
mod turns;
pub mod upkeep;

use std::time::Duration;

use anyhow::Context as _;
use auth_client::Verifier;
use chassis::clock;
use chassis::ending;
use chassis::tasks::Tasks;
use database::{Database, Url};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::buddy::Buddy;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::migrations::Migrator;
use crate::store::Store;
use crate::turns::Turns;

pub use self::metrics::measures;
pub use buddy::limits::Limits as ModelLimits;
pub use config::{BuddyConfig, Config, Disclosure, ModelConfig, TurnsConfig};
pub use limits::PersonLimits;
pub use prompt::Window;
pub use report::{Report, report};
pub use store::Census;
pub use upkeep::migrate;

/// For turns at work to end once a shutdown has begun, whether or not somebody waits for them. Shorter
/// than the server waits for its calls: whoever reads along is told before they are cut off.
const DRAIN: Duration = Duration::from_secs(7);

/// After a crash: what was at work is free at once, without waiting for leases to run out.
async fn recover(database: Database) -> Result<(), Error> {
    match Store::new(database).release_all(clock::now()).await? {
        0 => {}
        turns => tracing::info!(turns, "turns were cut off; they are picked up again"),
    }
    Ok(())
}

/// Looks at how much there is in the database at `url`, which is of this version, and of whom. Changes nothing.
///
/// # Errors
/// When there is no such database, or it cannot be read.
pub async fn census(url: &Url) -> anyhow::Result<Census> {
    let census = store::census(url).await;
    census.with_context(|| format!("the conversations in {url} cannot be read"))
}

/// Runs the chat service on `listener` until `shutdown`, then finishes the turns in flight.
///
/// # Errors
/// When the database cannot be used, the model's client cannot be built, or the server fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let (told, shutdown) = (shutdown.clone(), ending::after(config.ending.notice, &shutdown));
    // On a thread of its own: it takes a while, and a service that starts beside this one would wait.
    let checked = tokio::task::spawn_blocking(safety::check).await?;
    checked.map_err(anyhow::Error::msg).context("the safety layer cannot be used")?;
    // Somebody else may be at work on it, for as long as they like.
    let opening = Database::open_and_recover::<Migrator, Error, _>(&config.database_url, recover);
    let opening = Box::pin(opening);
    let Some(database) = told.run_until_cancelled(opening).await else { return Ok(()) };
    let database = database
        .with_context(|| format!("the database {} cannot be opened", config.database_url))?;
    self::metrics::begin();
    let store = Store::new(database.clone());
    let buddy = Buddy::new(&config.buddy)?;
    let identity = config.identity;
    let auth =
        chassis::grpc::connect_lazily(config.auth_endpoint, &identity, proto::services::AUTH);
    let verifier = Verifier::new(auth);

    let turns = Turns::new(store.clone(), buddy, &config.turns)?;
    let conversations =
        Conversations::new(store, turns.clone(), config.max_text_characters, &config.turns);
    let services = grpc::services(conversations, verifier.clone()).await.ending(config.ending);

    let background = Tasks::new();
    let (keys, stop) = (verifier.clone(), shutdown.clone());
    background.spawn(async move { keys.keep_fresh(stop).await });
    let (health, kept, stop) = (services.health(), database.clone(), told.clone());
    background.spawn(async move {
        tokio::select! {
            () = verifier.ready() => tracing::info!("chat service is ready"),
            () = stop.cancelled() => {}
        }
        health.follow(stop, || kept.is_well()).await;
    });
    // What is at work is written down until the very end.
    let written = CancellationToken::new();
    let (journal, stop) = (turns.clone(), written.clone());
    background.spawn(async move { journal.keep_journal(stop).await });
    let (sweeper, stop) = (turns.clone(), shutdown.clone());
    background.spawn(async move { sweeper.sweep(stop).await });
    let stop = shutdown.clone();
    background.spawn(async move {
        stop.cancelled().await;
        turns.retire(DRAIN).await;
        written.cancel();
    });

    let outcome = services.serve(listener, &identity, shutdown.clone()).await;
    told.cancel();
    shutdown.cancel();
    background.drain(DRAIN + Duration::from_secs(2)).await;
    database.close().await;
    outcome
}
