//! What stands around a message on the gRPC ports: deadlines, tokens in odd places, other protocols.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use serde_json::json;
use tonic::Code;

use super::calls::{Call, framed, text};
use super::floods::ASKING;
use super::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Link, RESET, block, frame};
use super::raw::exchange;
use super::{LET_IN, Scene, address};

const ACCOUNT: &str = "/aibuddy.auth.v1.AuthService/GetAccount";
const LOG_IN: &str = "/aibuddy.auth.v1.AuthService/LogIn";
const KEYS: &str = "/aibuddy.auth.v1.AuthService/GetSigningKeys";
const REGISTER: &str = "/aibuddy.auth.v1.AuthService/Register";
const SESSIONS: &str = "/aibuddy.chat.v1.ChatService/ListSessions";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// F07
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_is_none_changes_nothing_and_one_in_the_past_ends_a_call() {
    let scene = Scene::open().await;
    let name = text(1, scene.ada.name.as_bytes());
    let right = [name, text(2, scene.ada.password.as_bytes())].concat();
    let bearer = format!("Bearer {}", scene.ada.access);
    let [_, auth, chat] = scene.ports();
    // By hand: a client of ours would give up itself.
    let [_, scheme, _, authority] = ASKING;
    for (port, path, message) in [(auth, LOG_IN, right), (chat, SESSIONS, Vec::new())] {
        let is_answered = async |timeout: &str| {
            let headers = block(&[
                (":method", "POST"),
                scheme,
                (":path", path),
                authority,
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                ("authorization", &bearer),
                ("grpc-timeout", timeout),
            ]);
            let asking = frame(HEADERS, END_HEADERS, 1, &headers);
            let mut link = Link::open(&port).await;
            let body = frame(DATA, END_STREAM, 1, &framed(0, &message));
            link.say(&[asking, body].concat()).await;
            loop {
                let heard = link.hear().await.unwrap();
                assert_ne!(heard.kind, RESET, "{path} {timeout}");
                if heard.kind == HEADERS {
                    // An error has no body: it begins and ends with its headers.
                    return heard.flags & END_STREAM == 0;
                }
            }
        };
        for timeout in ["1n", "0S", "0n"] {
            assert!(!is_answered(timeout).await, "{path} {timeout}");
        }
        for timeout in
            ["", "garbage", "-1S", "99999999H", "999999999999H", "1", "S", "1x", "\u{e9}"]
        {
            assert!(is_answered(timeout).await, "{path} {timeout}");
        }
    }
    scene.ends_unharmed().await;
}

/// F08
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_in_its_own_place_only() {
    let scene = Scene::open().await;
    let bearer = format!("Bearer {}", scene.ada.access);
    for name in
        ["authorization-bin", "grpc-authorization", "x-access-token", "token", "sec-authorization"]
    {
        let outcome = Call::to(ACCOUNT).with(name, &bearer).sent(&scene.auth).await;
        assert_eq!(outcome.code(), Code::Unauthenticated, "{name}");
    }
    let query = format!("{ACCOUNT}?access_token={}", scene.ada.access);
    assert_ne!(Call::to(&query).sent(&scene.auth).await.code(), Code::Ok);
    scene.ends_unharmed().await;
}

/// F13
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_questions_about_health_is_answered() {
    let scene = Scene::open().await;
    let bearer = format!("Bearer {}", scene.ada.access);
    for _ in 0..10 {
        let ports = (0..400).map(|number| if number % 2 == 0 { &scene.auth } else { &scene.chat });
        let asked = ports.map(|port| Call::to(HEALTH).sent(port));
        let knocking = async { scene.knock(&[&bearer]).await };
        let (answers, knocked) = tokio::join!(join_all(asked), knocking);
        assert!(answers.iter().all(|answer| answer.code() == Code::Ok));
        assert_eq!(knocked, LET_IN);
    }
    scene.ends_unharmed().await;
}

/// F14
#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_another_protocol_is_told_nothing() {
    let scene = Scene::open().await;
    let keys = || Call::to(KEYS).without("content-type");
    assert_eq!(Call::to(KEYS).sent(&scene.auth).await.code(), Code::Ok);
    for content_type in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/grpc-web",
    ] {
        let outcome = keys().with("content-type", content_type).sent(&scene.auth).await;
        assert_ne!(outcome.code(), Code::Ok, "{content_type}: {outcome:?}");
    }
    assert_ne!(keys().sent(&scene.auth).await.code(), Code::Ok);
    for url in [scene.product.auth_url(), scene.product.chat_url()] {
        for request in [
            format!(
                "POST {KEYS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\n\
                     content-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0"
            ),
            format!(
                "POST {KEYS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\n\
                     content-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0"
            ),
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings\r\n\
             http2-settings: AAMAAABk\r\n\r\n"
                .to_owned(),
        ] {
            let heard = exchange(&address(&url), request.as_bytes()).await;
            assert!(!heard.starts_with("HTTP/1.1 2"), "{request}: {heard}");
            assert!(!heard.contains("grpc-status: 0") && !heard.contains("101 "), "{heard}");
        }
    }
    scene.ends_unharmed().await;
}

/// F14: whatever is refused for how it is said has not been done.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_another_protocol_is_not_done() {
    let scene = Scene::open().await;
    let account = [text(1, b"eve"), text(2, b"a fine password")].concat();
    let body = framed(0, &account);
    let text_of_web = STANDARD.encode(&body).into_bytes();
    let trailers = framed(0x80, b"grpc-status: 0\r\n");
    let webs = [
        (
            "application/json",
            json!({"username": "eve", "password": "a fine password"}).to_string().into(),
        ),
        ("application/grpc-web", body.clone()),
        ("application/grpc-web+proto", [body.clone(), trailers.clone()].concat()),
        ("application/grpc-web-text", text_of_web),
    ];
    let port = address(&scene.product.auth_url());
    for (content_type, body) in webs {
        let call = Call::to(REGISTER).without("content-type").with("content-type", content_type);
        let outcome = call.sending(body.clone()).sent(&scene.auth).await;
        assert!(outcome.body.is_empty(), "{content_type}: {outcome:?}");
        assert_ne!(outcome.code(), Code::Ok, "{content_type}: {outcome:?}");
    }
    // A frame of trailers is none of a request's.
    let outcome = Call::to(REGISTER).sending(trailers).sent(&scene.auth).await;
    assert_ne!(outcome.code(), Code::Ok, "{outcome:?}");
    for content_type in ["application/grpc", "application/grpc-web", "application/json"] {
        let head = format!(
            "POST {REGISTER} HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: close\r\n\
             content-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let said = exchange(&port, &[head.as_bytes(), &body].concat()).await;
        assert!(!said.contains(" 200 "), "{content_type}: {said}");
    }
    let eve = json!({"username": "eve", "password": "a fine password"});
    assert_eq!(scene.product.post("/api/login/", &eve).await.status, 401, "nobody was registered");
    assert_eq!(Call::to(REGISTER).saying(&account).sent(&scene.auth).await.code(), Code::Ok);
    assert_eq!(scene.product.post("/api/login/", &eve).await.status, 200);
    scene.ends_unharmed().await;
}

/// F14: it is there to find proxies that lose trailers, and servers need not ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_mention_trailers_is_a_call() {
    let scene = Scene::open().await;
    for (path, channel) in [(KEYS, &scene.auth), (HEALTH, &scene.chat)] {
        let outcome = Call::to(path).without("te").sent(channel).await;
        assert_eq!(outcome.code(), Code::Ok, "{path}: {outcome:?}");
    }
    let outcome = Call::to(ACCOUNT).without("te").sent(&scene.auth).await;
    assert_eq!(outcome.code(), Code::Unauthenticated, "{outcome:?}");
    scene.ends_unharmed().await;
}
