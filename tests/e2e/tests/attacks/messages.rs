//! Bytes on the gRPC ports that are no message, or are said to be compressed.

use futures_util::future::join_all;
use tonic::Code;

use super::calls::{Call, framed, text};
use super::{MEMORY, Scene};

const LOG_IN: &str = "/aibuddy.auth.v1.AuthService/LogIn";
const LIST: &str = "/aibuddy.chat.v1.ChatService/ListSessions";
const SEND: &str = "/aibuddy.chat.v1.ChatService/SendMessage";

/// F04
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_are_refused_and_not_repeated() {
    let scene = Scene::open().await;
    let token = format!("Bearer {}", scene.ada.access);
    // Groups in groups, which a reader might follow as deep as they go.
    let nested = [vec![0x7b; 10_000], vec![0x7c; 10_000]].concat();
    let broken = [
        ("no UTF-8", text(1, b"canary\xff\xfe")),
        ("half a number", vec![0x08, 0xff]),
        ("a number without end", [vec![0x08], vec![0xff; 20]].concat()),
        ("a text longer than the message", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a']),
        ("a number for a text", vec![0x0d, 1, 2, 3, 4]),
        ("field zero", vec![0x02, 0x00]),
        ("a kind that there is not", vec![0x0f]),
        ("the end of no group", vec![0x0c]),
        ("very deep", nested),
    ];
    for (what, bytes) in broken {
        for (path, channel) in [(LOG_IN, &scene.auth), (SEND, &scene.chat)] {
            let call = Call::to(path).with("authorization", &token).saying(&bytes);
            let outcome = call.sent(channel).await;
            let refused = [Code::Internal, Code::InvalidArgument, Code::Unauthenticated];
            assert!(refused.contains(&outcome.code()), "{path}, {what}: {outcome:?}");
            assert!(!outcome.message().contains("canary"), "{path}, {what}: {outcome:?}");
        }
    }
    // What a later version might say is passed over.
    let unknown = text(15, &vec![b'x'; 64 * 1024]);
    let call = Call::to(LIST).with("authorization", &token).saying(&unknown);
    assert_eq!(call.sent(&scene.chat).await.code(), Code::Ok);
    let huge = Call::to(LOG_IN).saying(&text(1, &vec![b'x'; 3 * 1024 * 1024]));
    let refused = [Code::OutOfRange, Code::ResourceExhausted];
    assert!(refused.contains(&huge.sent(&scene.auth).await.code()));
    scene.ends_unharmed().await;
}

/// Bits, the first of a byte being its lowest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// The lowest bit of a number comes first.
    fn number(&mut self, value: u32, width: usize) {
        for place in 0..width {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> place & 1 == 1);
            *self.bytes.last_mut().unwrap() |= bit << (self.used % 8);
            self.used += 1;
        }
    }

    /// The highest bit of a code comes first.
    fn code(&mut self, value: u32, width: usize) {
        self.number(value.reverse_bits() >> (32 - width), width);
    }
}

/// A gzip member of at most so many bytes: nothing but zeros, 258 of them in every 13 bits.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, in the code that everybody has.
    bits.number(1, 1);
    bits.number(1, 2);
    bits.code(0b0011_0000, 8);
    while bits.bytes.len() < bytes {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], bits.bytes.as_slice()].concat()
}

/// F05: 300 MB, once it is unpacked, ten times at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_message_that_would_become_a_huge_one_is_refused_as_it_is() {
    let scene = Scene::open().await;
    let before = scene.process.peak_memory();
    let bomb = bomb(chassis::grpc::MAX_REQUEST_BYTES - 1024);
    let token = format!("Bearer {}", scene.ada.access);
    for (encoding, flag) in [("gzip", 1), ("gzip", 0), ("deflate", 1), ("identity", 1)] {
        for (path, channel) in [(LOG_IN, &scene.auth), (SEND, &scene.chat)] {
            let call = Call::to(path).with("authorization", &token).with("grpc-encoding", encoding);
            let call = call.sending(framed(flag, &bomb));
            let outcomes = join_all((0..10).map(|_| call.clone().sent(channel))).await;
            for outcome in outcomes {
                let refused = [Code::Unimplemented, Code::Internal];
                assert!(refused.contains(&outcome.code()), "{encoding} {flag}: {outcome:?}");
            }
        }
    }
    let grown = scene.process.peak_memory() - before;
    println!("{} KiB more at most", grown / 1024);
    assert!(grown < MEMORY, "{grown} bytes more were in use");
    scene.ends_unharmed().await;
}

/// F05
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_unpacked() {
    let scene = Scene::open().await;
    let token = format!("Bearer {}", scene.ada.access);
    let message = text(1, b"ada");
    let announced = u32::MAX.to_be_bytes();
    let endless = [&[0], announced.as_slice(), b"x"].concat();
    let cut = [&[0], 100_u32.to_be_bytes().as_slice(), b"x"].concat();
    for (encoding, body) in [
        (None, framed(1, &message)),
        (Some("gzip"), framed(1, &message)),
        (Some("deflate"), framed(1, &message)),
        (Some("zstd"), framed(1, &message)),
        (Some("identity"), framed(1, &message)),
        (Some("nonsense"), framed(1, &message)),
        (None, framed(7, &message)),
        (None, framed(255, &message)),
        (None, endless),
        (None, cut),
        (None, vec![0, 0]),
        (None, Vec::new()),
        (None, [framed(0, &message), framed(0, &message)].concat()),
    ] {
        for (path, channel) in [(LOG_IN, &scene.auth), (SEND, &scene.chat)] {
            let call = Call::to(path).with("authorization", &token).sending(body.clone());
            let call = match encoding {
                Some(name) => call.with("grpc-encoding", name),
                None => call,
            };
            let code = call.sent(channel).await.code();
            let refused = [
                Code::Internal,
                Code::Unimplemented,
                Code::InvalidArgument,
                Code::OutOfRange,
                Code::ResourceExhausted,
                Code::Unauthenticated,
                Code::Unknown,
            ];
            let start = &body[..body.len().min(8)];
            assert!(refused.contains(&code), "{path} {encoding:?} {start:?}: {code:?}");
        }
    }
    scene.ends_unharmed().await;
}
