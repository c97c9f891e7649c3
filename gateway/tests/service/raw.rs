//! HTTP as it is on the wire, for what no proper client does.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::rpc::PATIENCE;

pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Whatever comes before the gateway closes the connection.
    pub(crate) async fn hear_the_end(&mut self) -> String {
        let mut heard = Vec::new();
        let end = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut heard)).await;
        // Closed with our bytes unread, or closed: either is an end.
        let _closed = end.expect("the gateway should close the connection");
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Says the same again and again, now and then; returns what comes before the gateway closes the
    /// connection.
    pub(crate) async fn drip(&mut self, bytes: &str, pause: Duration) -> String {
        let (mut heard, mut ticks) = (Vec::new(), tokio::time::interval(pause));
        let dripping = async {
            loop {
                tokio::select! {
                    read = self.0.read_buf(&mut heard) => {
                        if !read.is_ok_and(|bytes| bytes > 0) {
                            return;
                        }
                    }
                    // Into a closed connection, perhaps: reading tells.
                    _ = ticks.tick() => drop(self.0.try_write(bytes.as_bytes())),
                }
            }
        };
        let end = tokio::time::timeout(PATIENCE, dripping).await;
        end.expect("the gateway should close the connection");
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Whether nothing has come that was not heard yet.
    pub(crate) fn is_silent(&self) -> bool {
        let read = self.0.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Whatever comes until `end` has come.
    pub(crate) async fn hear_until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            let byte = tokio::time::timeout(PATIENCE, self.0.read_u8()).await;
            heard.push(byte.expect("an answer in time").expect("the whole answer"));
        }
        String::from_utf8_lossy(&heard).into_owned()
    }
}

/// Says something on a connection of its own and hears what comes back, without the date.
pub(crate) async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut raw = Raw::connect(address).await;
    raw.say(request).await;
    let heard = raw.hear_the_end().await;
    let lines = heard.split_inclusive("\r\n").filter(|line| !line.starts_with("date: "));
    lines.collect()
}
