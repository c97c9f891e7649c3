//! HTTP/2, frame by frame.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;

/// Longer than any end should take.
const PATIENCE: Duration = Duration::from_mins(1);
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const AWAY: u8 = 7;
pub(super) const WINDOW: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
/// Of settings and pings.
pub(super) const ACK: u8 = 1;

/// A frame as it came.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A frame as it is sent.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A block of headers, each written out.
pub(super) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    headers.iter().flat_map(|(name, value)| written(name, value)).collect()
}

/// A header, written out.
fn written(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        // What does not fit into seven bits follows.
        if let Ok(length @ ..127) = u8::try_from(text.len()) {
            bytes.push(length);
        } else {
            bytes.push(127);
            prost::encoding::encode_varint(text.len() as u64 - 127, &mut bytes);
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// A connection, with a preface said and nothing heard.
pub(super) struct Link {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
}

impl Link {
    pub(super) async fn open(address: &str) -> Self {
        let (from, to) = TcpStream::connect(address).await.unwrap().into_split();
        let mut link = Self { from, to };
        link.say(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        link
    }

    /// Says something; to whoever has hung up, in vain.
    pub(super) async fn say(&mut self, bytes: &[u8]) {
        let _in_vain = self.to.write_all(bytes).await;
    }

    /// Says the same again and again until it is hung up on, and hears nothing of what comes.
    pub(super) async fn talk_on(&mut self, bytes: &[u8]) {
        while self.to.write_all(bytes).await.is_ok() {}
    }

    /// The next frame; `None` at the end.
    pub(super) async fn hear(&mut self) -> Option<Frame> {
        let heard = tokio::time::timeout(PATIENCE, hear(&mut self.from)).await;
        heard.unwrap()
    }

    /// Attacks, and asks for a sign of life, which can only come after the answers to all that: whether
    /// it came, and what came before it, or before the end.
    pub(super) async fn outlives(self, attack: &[u8]) -> (bool, Vec<Frame>) {
        let Self { mut from, mut to } = self;
        let said = [attack, &frame(PING, 0, 0, b"are u ok")].concat();
        let (mut frames, mut lives) = (Vec::new(), false);
        let attacking = async {
            let hearing = async {
                while let Some(frame) = hear(&mut from).await {
                    if frame.kind == PING && frame.flags == ACK {
                        lives = true;
                        return;
                    }
                    frames.push(frame);
                }
            };
            // Who is hung up on cannot say everything.
            let (_said, ()) = tokio::join!(to.write_all(&said), hearing);
        };
        tokio::time::timeout(PATIENCE, attacking).await.unwrap();
        (lives, frames)
    }
}

/// How often a connection may be hung up on before its owner gives up.
const COMEBACKS: usize = 20;

/// Says something once and something else again and again until it is hung up on, comes back, and goes on
/// until told to stop.
pub(super) async fn flood(address: String, begin: Vec<u8>, more: Vec<u8>, stop: CancellationToken) {
    for _ in 0..COMEBACKS {
        let Link { mut from, mut to } = Link::open(&address).await;
        let talking = async {
            to.write_all(&begin).await?;
            loop {
                to.write_all(&more).await?;
            }
        };
        let mut nobody = tokio::io::sink();
        let hearing = tokio::io::copy(&mut from, &mut nobody);
        let _ended: std::io::Result<u64> = tokio::select! {
            ended = talking => ended,
            ended = hearing => ended,
        };
        if stop.is_cancelled() {
            return;
        }
    }
    stop.cancelled().await;
}

async fn hear(from: &mut OwnedReadHalf) -> Option<Frame> {
    let mut head = [0; 9];
    from.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, stream @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    from.read_exact(&mut payload).await.ok()?;
    Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
}
