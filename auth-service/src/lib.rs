//! Accounts and tokens.
//!
//! Owns the database of accounts and is the only holder of the signing keys. Everybody else gets
//! the public half and checks tokens without asking.

mod accounts;
mod config;
mod error;
mod grpc;
mod keyring;
mod migrations;
mod passwords;
mod store;
mod strength;
mod tokens;
mod usernames;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::keyring::Keyring;
use crate::passwords::Hasher;
use crate::store::Store;
use crate::tokens::Tokens;

pub use config::Config;

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
    let store = Store::open(&config.database_url).await?;
    keyring.check_pepper(store.any_password_hash().await?.as_deref())?;

    let hasher = Hasher::new(keyring.pepper, config.bcrypt_cost, config.hashing_threads)?;
    let tokens = Tokens::new(keyring.signing, keyring.refresh);
    let accounts = Accounts::new(store.clone(), hasher, tokens);
    let services = grpc::services(accounts).await;
    services.health().set_serving(true).await;
    tracing::info!("auth service is ready");
    let outcome = services.serve(listener, shutdown).await;
    store.close().await;
    outcome
}
