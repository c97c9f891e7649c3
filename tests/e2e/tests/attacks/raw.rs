//! HTTP/1.1 as bytes.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any end should take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Says something and hears what comes until the connection ends, which it must.
pub(super) async fn exchange(address: &str, request: &[u8]) -> String {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let mut heard = Vec::new();
    let talk = async {
        // Who is hung up on cannot say everything.
        let (_said, _ended) = tokio::join!(to.write_all(request), from.read_to_end(&mut heard));
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

/// How many answers there are in what was heard.
pub(super) fn answers(heard: &str) -> usize {
    heard.matches("HTTP/1.1 ").count()
}

/// The status of the first answer; 0 if there is none.
pub(super) fn status(heard: &str) -> u16 {
    heard.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}
