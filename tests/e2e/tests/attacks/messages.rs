//! Bytes on the gRPC ports that are no message, or are said to be compressed.

use tonic::Code;

use super::Scene;
use super::calls::{Call, framed, text};

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

/// F05
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_unpacked() {
    let scene = Scene::open().await;
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
        let call = Call::to(LOG_IN).sending(body.clone());
        let call = match encoding {
            Some(name) => call.with("grpc-encoding", name),
            None => call,
        };
        let code = call.sent(&scene.auth).await.code();
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
        assert!(refused.contains(&code), "{encoding:?} {start:?}: {code:?}");
    }
    scene.ends_unharmed().await;
}
