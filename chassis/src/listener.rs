//! Taking connections, however often that fails, and no more at once than there is room for.

mod network;
mod room;

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

pub(crate) use room::{Place, Room};

/// The next connection, as soon as there is room for it. Whoever is of a network that has all of its places
/// is hung up on.
pub(crate) async fn accept(listener: &TcpListener, room: &Room) -> (TcpStream, Place) {
    let free = room.free().await;
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                if let Some(share) = room.share_of(from.ip()) {
                    return (stream, Place::new(free, share));
                }
            }
            Err(error) => {
                // Out of file descriptors, or the client was gone already: the next may do better.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
