//! What belongs to somebody else.

use e2e::{Answer, User};
use serde_json::json;

use super::Scene;
use super::calls::{Call, text};

/// All that has a number in its address, and what is sent there.
const NUMBERED: [(&str, &str, &str); 16] = [
    ("GET", "/api/get-messages/?session_id=", ""),
    ("GET", "/api/sessions/", ""),
    ("PATCH", "/api/sessions/", ""),
    ("DELETE", "/api/sessions/", ""),
    ("GET", "/api/sessions/", "/messages/"),
    ("GET", "/api/sessions/", "/context/"),
    ("POST", "/api/messages/", "/edit/"),
    ("POST", "/api/messages/", "/feedback/"),
    ("DELETE", "/api/messages/", "/feedback/"),
    ("GET", "/api/turns/", ""),
    ("GET", "/api/turns/", "/events/"),
    ("POST", "/api/turns/", "/cancel/"),
    ("POST", "/api/turns/", "/retry/"),
    ("POST", "/api/turns/", "/regenerate/"),
    ("POST", "/api/turns/", "/select/"),
    ("GET", "/api/search/?q=something&session_id=", ""),
];

async fn ask(user: &User, (method, before, after): (&str, &str, &str), number: i64) -> Answer {
    let request = user.request(method, &format!("{before}{number}{after}"));
    let body = json!({"text": "hello", "title": "mine now", "rating": "up"});
    Answer::to(request.header("x-request-id", "same").json(&body)).await
}

/// D01
#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_cannot_be_told_from_what_is_not_there() {
    let scene = Scene::open().await;
    for number in 0..3 {
        scene.ada.say(&format!("number {number}")).await;
    }
    let before = scene.ada.messages(scene.session).await;
    let bob = scene.product.register("bob").await;
    for address in NUMBERED {
        let missing = ask(&bob, address, 999_999).await;
        assert!(missing.status == 404 || missing.status == 200, "{address:?}: {}", missing.text);
        for number in 1..=10 {
            let foreign = ask(&bob, address, number).await;
            let said = (foreign.status, &foreign.text);
            assert_eq!(said, (missing.status, &missing.text), "{address:?} {number}");
        }
    }
    assert_eq!(scene.ada.messages(scene.session).await, before, "nothing was changed");
    assert!(!bob.see("/api/search/?q=something").await.to_string().contains("own"));
    scene.ends_unharmed().await;
}

/// D07, F10
#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_somebody_by_saying_so() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let claims = [
        ("x-user-id", scene.ada.id.to_string()),
        ("user-id", scene.ada.id.to_string()),
        ("x-forwarded-user", "ada".to_owned()),
        ("x-remote-user", "ada".to_owned()),
        ("x-authenticated-user", "ada".to_owned()),
        ("grpc-metadata-x-user-id", scene.ada.id.to_string()),
        ("x-user-id-bin", "AQ".to_owned()),
        ("x-service", "auth-service".to_owned()),
        ("x-client-ip", "127.0.0.1".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("x-forwarded-client-cert", "By=auth-service".to_owned()),
        ("cookie", format!("access={}", scene.ada.access)),
        ("x-authorization", format!("Bearer {}", scene.ada.access)),
        ("proxy-authorization", format!("Bearer {}", scene.ada.access)),
    ];
    let own = format!("Bearer {}", bob.access);
    let mut whole = bob.request("GET", "/api/account/");
    for (name, value) in &claims {
        whole = whole.header(*name, value);
        let account = Call::to("/aibuddy.auth.v1.AuthService/GetAccount").with(name, value);
        assert_eq!(account.clone().sent(&scene.auth).await.code(), tonic::Code::Unauthenticated);
        let account = account.with("authorization", &own).sent(&scene.auth).await;
        assert!(contains(&account.body, b"bob") && !contains(&account.body, b"ada"), "{name}");
        let sessions = Call::to("/aibuddy.chat.v1.ChatService/ListSessions").with(name, value);
        assert_eq!(sessions.clone().sent(&scene.chat).await.code(), tonic::Code::Unauthenticated);
        let sessions = sessions.with("authorization", &own).sent(&scene.chat).await;
        assert!(!contains(&sessions.body, b"something of my own"), "{name}");
        for path in ["/aibuddy.auth.v1.AuthService/VerifyToken"] {
            let asked = Call::to(path).saying(&text(1, scene.ada.access.as_bytes()));
            let asked = asked.with("authorization", &own).with(name, value).sent(&scene.auth).await;
            assert_eq!(asked.code(), tonic::Code::PermissionDenied, "{name}");
        }
    }
    assert_eq!(Answer::to(whole).await.json()["username"], "bob");
    scene.ends_unharmed().await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
