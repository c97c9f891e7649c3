//! Accounts and tokens.
//!
//! Owns the database of accounts and is the only holder of the signing keys. Everybody else gets
//! the public half and checks tokens without asking.

mod accounts;
pub mod commands;
mod config;
mod deletions;
mod error;
mod folding;
mod grpc;
mod keys;
mod ledger;
mod limits;
mod logins;
mod metrics;
mod migrations;
mod passwords;
mod peppers;
mod request_ids;
pub mod restoration;
mod revocations;
mod self_test;
mod store;
mod strength;
mod tokens;
mod usernames;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chassis::clock::{self, unix_seconds};
use chassis::ending;
use chassis::tasks::Tasks;
use database::Database;
use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::deletions::Deletions;
use crate::grpc::chat::Chat;
use crate::keys::Folder;
use crate::limits::Limits;
use crate::logins::Logins;
use crate::migrations::Migrator;
use crate::passwords::Hasher;
use crate::peppers::Peppers;
use crate::revocations::Feed;
use crate::store::Store;
use crate::tokens::Upkeep;

pub use self::metrics::measures;
pub use commands::upkeep::migrate;
pub use config::{Config, Tries, Verifiers};
pub use ledger::Ledger;

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
    let (told, shutdown) = (shutdown.clone(), ending::after(config.ending.notice, &shutdown));
    let peppers = Peppers::open(&config.keys_dir)?;
    let folder = Folder::at(&config.keys_dir);
    let now = unix_seconds(clock::now());
    let found = folder.begin(now)?;
    self_test::run(&found.keys, now)?;
    let (tokens, upkeep) = Upkeep::begin(folder, found);
    // Somebody else may be at work on it, for as long as they like.
    let opening = Box::pin(Database::open::<Migrator>(&config.database_url));
    let Some(database) = told.run_until_cancelled(opening).await else { return Ok(()) };
    let database = database
        .with_context(|| format!("the database {} cannot be opened", config.database_url))?;
    self::metrics::begin();
    let store = Store::new(database.clone());
    let foreign = store.made_with_others(peppers.ids()).await?;
    peppers.check(foreign.as_deref())?;

    let hasher = Hasher::new(peppers, config.bcrypt_cost, config.hashing_threads)?;
    let background = Tasks::new();
    let feed = Feed::open(store.clone(), clock::now()).await?;
    let rotate = config.rotate_refresh_tokens;
    let keys = tokens.changes();
    let limits = Arc::new(Limits::new(config.tries));
    let logins = Logins::new(store.clone(), tokens, feed.clone(), limits.clone(), rotate);
    let deleted = Arc::new(Notify::new());
    let deletions = Deletions::new(store.clone(), hasher.clone(), deleted.clone());
    let (news, tasks) = (feed.clone(), background.clone());
    let accounts = Accounts::new(store, hasher, logins, news, limits, deleted, tasks);
    let services = grpc::services(accounts, config.verifiers, feed.clone(), shutdown.clone()).await;
    let services = services.ending(config.ending);
    let (health, kept, stop) = (services.health(), database.clone(), told.clone());
    background.spawn(upkeep.run(shutdown.clone()));
    background.spawn(async move { health.follow(stop, || kept.is_well()).await });
    let stop = shutdown.clone();
    background.spawn(async move { feed.follow(keys, stop).await });
    let chat = Chat::new(chassis::grpc::connect_lazily(
        config.chat_endpoint,
        &config.identity,
        proto::services::CHAT,
    ));
    let stop = shutdown.clone();
    let purge = move |user_id| chat.clone().purge(user_id).boxed();
    background.spawn(async move { deletions.finish(purge, stop).await });
    tracing::info!("auth service is ready");
    let outcome = services.serve(listener, &config.identity, shutdown.clone()).await;
    told.cancel();
    shutdown.cancel();
    background.drain(DRAIN).await;
    database.close().await;
    outcome
}
