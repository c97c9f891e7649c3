//! All three services in one process.
//!
//! Composition, and backups of all of it: the services are the ones that run apart, talking real gRPC over
//! loopback, so that what is tried here is what is deployed there.

mod backups;
mod commands;
mod config;
mod numbers;

use std::fs::{DirBuilder, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use chassis::{process, secret_file};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use numbers::Numbers;

pub use commands::COMMANDS;
pub use config::Config;

/// The product with its folder made and its inner addresses bound, ready to serve.
pub struct Product {
    config: Config,
    auth: TcpListener,
    chat: TcpListener,
    /// Held as long as the product runs; the system lets go of it when the process dies.
    lock: File,
}

impl Product {
    /// Makes the data folder and binds the inner addresses.
    ///
    /// # Errors
    /// One sentence when the folder or an address cannot be used.
    pub async fn open(mut config: Config) -> anyhow::Result<Self> {
        let lock = prepare(&config.data)?;
        let urls = [&config.auth.database_url, &config.chat.database_url];
        // What cannot be read, because it is not there yet or older than this version, its service sees to. A server
        // may not be there yet.
        if urls.iter().all(|url| url.file().is_some())
            && let Ok(numbers) = Numbers::read(urls[0], urls[1]).await
        {
            numbers.check()?;
        }
        let auth = process::listen(config.auth.listen, "AUTH_LISTEN").await?;
        let chat = process::listen(config.chat.listen, "CHAT_LISTEN").await?;
        let (to_auth, to_chat) = (endpoint(auth.local_addr()?)?, endpoint(chat.local_addr()?)?);
        config.auth.chat_endpoint = to_chat.clone().into();
        config.chat.auth_endpoint = to_auth.clone().into();
        config.gateway.auth_endpoint = to_auth.into();
        config.gateway.chat_endpoint = to_chat.into();
        Ok(Self { config, auth, chat, lock })
    }

    /// Where the auth service listens for gRPC.
    pub fn auth_address(&self) -> std::io::Result<SocketAddr> {
        self.auth.local_addr()
    }

    /// Where the chat service listens for gRPC.
    pub fn chat_address(&self) -> std::io::Result<SocketAddr> {
        self.chat.local_addr()
    }

    /// Serves people on `listener` until `shutdown`: then the gateway answers what is in flight, and
    /// only after it the services behind it stop. If one of them dies, all stop.
    ///
    /// # Errors
    /// When a service cannot start or fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let Self { config, auth, chat, lock } = self;
        let backends = CancellationToken::new();
        let auth = auth_service::serve(auth, config.auth, backends.clone());
        let chat = chat_service::serve(chat, config.chat, backends.clone());
        let gateway = async {
            gateway::serve(listener, config.gateway, shutdown).await;
            backends.cancel();
            anyhow::Ok(())
        };
        let auth = async { auth.await.context("auth service") };
        let chat = async { chat.await.context("chat service") };
        tokio::try_join!(Box::pin(auth), Box::pin(chat), Box::pin(gateway))?;
        drop(lock);
        Ok(())
    }
}

/// Makes the folder, for its owner alone.
fn make(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| unwritable(folder))
}

fn unwritable(folder: &Path) -> String {
    let folder = folder.display();
    format!("the data folder {folder} cannot be written; set AI_BUDDY_DATA to another")
}

/// Makes the folder and makes sure that it can be written and that nobody else
/// works in it: two products on the same data would each believe to be the only one. A restore that
/// was cut off is brought to its end.
fn prepare(folder: &Path) -> anyhow::Result<File> {
    make(folder)?;
    let lock = secret_file::open(&folder.join("lock"), OpenOptions::new().write(true))
        .with_context(|| unwritable(folder))?;
    if lock.try_lock().is_err() {
        bail!(
            "another ai-buddy works in {}: stop it, or set AI_BUDDY_DATA to another folder",
            folder.display()
        );
    }
    if let Some(replaced) = backups::finish(folder)? {
        tracing::info!(replaced = %replaced.display(), "a restore that was cut off is brought to its end");
    }
    Ok(lock)
}

fn endpoint(address: SocketAddr) -> anyhow::Result<Endpoint> {
    let address = process::reachable(address);
    Ok(Endpoint::from_shared(format!("http://{address}"))?)
}
