//! A way to a server that can be lost without a word, as when the other machine is gone.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to a server. It is closed when this is dropped.
#[derive(Debug)]
pub struct Relay {
    address: String,
    lost: watch::Sender<()>,
    // A set, because it aborts its task when dropped.
    _task: JoinSet<()>,
}

impl Relay {
    /// A way to where `address` leads, `postgres://USER@HOST:PORT/NAME`.
    pub async fn to(address: &str) -> Self {
        let (before, rest) = address.split_once('@').expect("a user");
        let (to, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let (lost, watched) = watch::channel(());
        let mut task = JoinSet::new();
        task.spawn(pass_on(listener, Arc::from(to), watched));
        Self { address: format!("{before}@127.0.0.1:{port}/{name}"), lost, _task: task }
    }

    /// The address by this way.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Loses every connection that there is: they stay open, and nothing comes through any more. Later ones are
    /// passed on.
    pub fn lose_all(&self) {
        self.lost.send_replace(());
    }
}

async fn pass_on(listener: TcpListener, to: Arc<str>, lost: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    while let Ok((mut here, _)) = listener.accept().await {
        let (to, mut lost) = (to.clone(), lost.clone());
        lost.mark_unchanged();
        connections.spawn(async move {
            let Ok(mut there) = TcpStream::connect(&*to).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut here, &mut there) => {}
                _ = lost.changed() => std::future::pending().await,
            }
        });
    }
}
