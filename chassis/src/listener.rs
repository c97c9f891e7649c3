//! Taking connections, however often that fails, and no more at once than there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection's place among those that are open. Let go of by dropping it.
pub(crate) type Place = Option<OwnedSemaphorePermit>;

/// The next connection, as soon as there is room for it.
pub(crate) async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, Place) {
    // Never closed, so there is always a place in the end.
    let place = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of file descriptors, or the client was gone already: the next may do better.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
