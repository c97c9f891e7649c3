//! HTTP/2 requests that no client may send: nothing of them reaches a handler.

use super::Scene;
use super::floods::ASKING;
use super::frames::{AWAY, END_HEADERS, END_STREAM, Frame, HEADERS, Link, RESET, block, frame};

/// `:status: 200` in one byte, as every encoder writes it.
const OK: u8 = 0x88;

/// Sends a request and hears what is said about it.
async fn ask(port: &str, headers: &[(&str, &str)]) -> Frame {
    let mut link = Link::open(port).await;
    link.say(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(headers))).await;
    loop {
        let Some(heard) = link.hear().await else {
            return Frame { kind: AWAY, flags: 0, stream: 0, payload: Vec::new() };
        };
        if [HEADERS, RESET, AWAY].contains(&heard.kind) {
            return heard;
        }
    }
}

/// Whether it was answered, and well.
fn is_answered(frame: &Frame) -> bool {
    frame.kind == HEADERS && frame.payload.contains(&OK)
}

/// E15
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_http2_does_not_know_is_refused_on_every_port() {
    let scene = Scene::open().await;
    let keys = "/aibuddy.auth.v1.AuthService/GetSigningKeys";
    let health = "/grpc.health.v1.Health/Check";
    for (port, method, path) in scene
        .ports()
        .iter()
        .zip([("GET", "/livez"), ("POST", keys), ("POST", health)])
        .map(|(port, (method, path))| (port.clone(), method, path))
    {
        let [mut plain, scheme, mut way, authority] = ASKING;
        (plain.1, way.1) = (method, path);
        let whole = [plain, scheme, way, authority, ("te", "trailers")];
        let grpc = [whole.as_slice(), &[("content-type", "application/grpc")]].concat();
        assert!(is_answered(&ask(&port, &grpc).await), "{port}");
        let mut strange = vec![
            ("no path", vec![plain, scheme, authority]),
            ("no method", vec![scheme, way, authority]),
            ("two paths", vec![plain, scheme, way, way, authority]),
            ("an empty path", vec![plain, scheme, (":path", ""), authority]),
            ("a header before the path", vec![plain, scheme, ("x-other", "1"), way, authority]),
            ("a pseudo-header of answers", vec![plain, scheme, way, (":status", "200")]),
            ("an unknown pseudo-header", vec![plain, scheme, way, (":other", "1")]),
        ];
        for header in [
            ("Authorization", "Bearer a.b.c"),
            ("transfer-encoding", "chunked"),
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("upgrade", "h2c"),
            ("te", "gzip"),
            ("x-other", "a\r\nx-user-id: 1"),
            ("x-other", "a\0b"),
            ("x other", "1"),
            ("x-other:", "1"),
            ("", "1"),
            ("content-length", "-1"),
            ("content-length", "5"),
        ] {
            strange.push((header.0, [grpc.as_slice(), &[header]].concat()));
        }
        let mut taken = Vec::new();
        for (what, headers) in strange {
            let heard = ask(&port, &headers).await;
            if is_answered(&heard) {
                taken.push((what, headers));
            }
        }
        assert!(taken.is_empty(), "{port}: {taken:#?}");
    }
    scene.ends_unharmed().await;
}
