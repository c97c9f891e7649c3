//! Accounts and tokens.
//!
//! Owns the database of accounts and is the only holder of the signing keys. Everybody else gets
//! the public half and checks tokens without asking.

mod accounts;
mod config;
mod error;
mod folding;
mod grpc;
mod keyring;
mod migrations;
mod passwords;
mod peppers;
mod request_ids;
mod store;
mod strength;
mod tokens;
mod usernames;

use std::time::Duration;

use anyhow::Context as _;
use chassis::tasks::Tasks;
use database::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::keyring::Keyring;
use crate::migrations::Migrator;
use crate::passwords::Hasher;
use crate::store::Store;
use crate::tokens::Tokens;

pub use config::Config;

/// For what runs beside the calls to end.
const DRAIN: Duration = Duration::from_secs(3);

/// Runs the auth service on `listener` until `shutdown`, then answers what is in flight.
///
/// # Errors
/// When the keys or the database cannot be used, or the server fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let keyring = Keyring::open(&config.keys_dir)?;
    let database = Database::open::<Migrator>(&config.database_url)
        .await
        .with_context(|| format!("the database {} cannot be opened", config.database_url))?;
    let store = Store::new(database.clone());
    let foreign = store.password_hash_of_others(keyring.peppers.ids()).await?;
    keyring.check_pepper(foreign.as_deref())?;

    let hasher = Hasher::new(keyring.peppers, config.bcrypt_cost, config.hashing_threads)?;
    let tokens = Tokens::new(keyring.signing, keyring.refresh);
    let background = Tasks::new();
    let accounts = Accounts::new(store, hasher, tokens, background.clone());
    let services = grpc::services(accounts).await;
    let (health, kept, stop) = (services.health(), database.clone(), shutdown.clone());
    background.spawn(async move { health.follow(stop, || kept.is_well()).await });
    tracing::info!("auth service is ready");
    let outcome = services.serve(listener, shutdown.clone()).await;
    shutdown.cancel();
    background.drain(DRAIN).await;
    database.close().await;
    outcome
}
