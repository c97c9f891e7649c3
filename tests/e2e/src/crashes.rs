//! A database server that crashes again and again while people read and talk.

use std::time::{Duration, Instant};

use crate::{Kept, Load, Seen, Twins};

/// One crash of the server.
#[derive(Debug, Clone, Copy)]
pub struct Crash {
    /// How long it was gone: from its end until it took connections again.
    pub gone: Duration,
    /// When it took connections again.
    pub back: Instant,
}

/// Crashes the server that the twins' databases are on so many times, from one to the next `between`, while
/// people read and send so many times a second; returns what happened, what they met with, and what is kept in
/// the end, of which `reply` are the answers. Nothing of ours is started again.
///
/// # Panics
/// If they are on no server of their own.
pub async fn crash_again_and_again(
    twins: &Twins,
    (crashes, between): (usize, Duration),
    (reads, sends): (u32, u32),
    reply: &str,
) -> (Vec<Crash>, Seen, Kept) {
    let server = twins.apart.server().expect("a server of their own");
    let load = Load::start(&twins.gateways.each_ref(), reads, sends).await;
    let mut all = Vec::new();
    for _ in 0..crashes {
        tokio::time::sleep(between).await;
        let begun = Instant::now();
        server.crash().await;
        all.push(Crash { gone: begun.elapsed(), back: Instant::now() });
    }
    tokio::time::sleep(between).await;
    let seen = load.end().await;
    (all, seen, Kept::in_the_end(&twins.apart, reply).await)
}
