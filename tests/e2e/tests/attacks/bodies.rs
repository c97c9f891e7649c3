//! Requests that are not what they should be: fields, JSON, numbers of sessions.

use e2e::Answer;
use serde_json::{Value, json};

use super::Scene;

/// In everything that must not be quoted.
const CANARY: &str = "canary-of-a-body";

/// What is no name and no password.
fn nothing() -> [Value; 7] {
    [
        json!(null),
        json!(""),
        json!(" \t "),
        json!(true),
        json!([CANARY]),
        json!({CANARY: 1}),
        json!([]),
    ]
}

/// A01
#[tokio::test(flavor = "multi_thread")]
async fn an_account_needs_a_name_and_a_password_that_are_text() {
    let mut scene = Scene::open().await;
    scene.canaries.add(CANARY);
    let before = scene.product.command("users list").await;
    let good = json!({"username": "bob", "password": "a fine password"});
    for path in ["/api/register/", "/api/login/"] {
        for field in ["username", "password"] {
            let mut missing = good.clone();
            missing.as_object_mut().unwrap().remove(field);
            let wrong = nothing().map(|value| {
                let mut body = good.clone();
                body[field] = value;
                body
            });
            for body in wrong.iter().chain([&missing]) {
                let answer = scene.product.post(path, body).await;
                let (status, code) = answer.says();
                assert_eq!(status, 400, "{path} {body}: {}", answer.text);
                assert!(["invalid", "fields_required"].contains(&code.as_str()), "{code}");
                assert!(!answer.text.contains(CANARY), "{}", answer.text);
            }
        }
    }
    let number = json!({"username": "bob", "password": 12_345});
    assert_eq!(scene.product.post("/api/register/", &number).await.status, 400);
    assert_eq!(scene.product.command("users list").await, before, "nobody is there now");
    scene.ends_unharmed().await;
}

/// A28
#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_none_is_refused_at_every_address_and_not_quoted() {
    let mut scene = Scene::open().await;
    scene.canaries.add(CANARY);
    let whole =
        format!(r#"{{"username": "{CANARY}", "password": "{CANARY}", "text": "{CANARY}"}}"#);
    let bodies = [
        whole[..whole.len() - 1].to_owned(),
        whole.replace('"', "'"),
        format!("{{{CANARY}}}"),
        format!("{whole} {CANARY}"),
        format!("{whole}{whole}"),
        format!("\u{feff}{whole}"),
        whole.replace('}', ", \"z\": NaN}"),
        whole.replace('}', ", \"z\": -Infinity}"),
        whole.replace('}', ", \"z\": 1e999}"),
        whole.replace('}', ", \"z\": 0x10}"),
        whole.replace('}', ",}"),
        whole.replace('}', &format!(", \"z\": {}}}", "[".repeat(20_000))),
        whole.replace('}', &format!(", \"z\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000))),
        "[".repeat(20_000),
        "{\"a\":".repeat(20_000),
    ];
    for path in ["register", "login", "refresh", "logout", "change-password", "send-message"] {
        for body in &bodies {
            let request = scene.ada.request("POST", &format!("/api/{path}/"));
            let request = request.header("content-type", "application/json");
            let answer = Answer::to(request.body(body.clone())).await;
            let start: String = body.chars().take(80).collect();
            assert_eq!(
                answer.says(),
                (400, "parse_error".to_owned()),
                "{path} {start}: {}",
                answer.text
            );
            let said = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(said.starts_with("JSON parse error"), "{path} {start}: {said}");
            assert!(!said.contains("canary") && said.len() < 100, "{path} {start}: {said}");
        }
    }
    scene.ends_unharmed().await;
}

/// D03
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_of_a_session_finds_none() {
    let scene = Scene::open().await;
    let before = scene.ada.messages(scene.session).await;
    for number in [
        "",
        "abc",
        "0",
        "-1",
        "1.5",
        "1e3",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "1000000000000000000000000000000",
        "1%20OR%201=1",
        "1,2",
        "[1]",
        "0x1",
        "%00",
        "1%00",
        "%D9%A1",
        "NaN",
        "true",
        "null",
        "1;",
        "1'--",
    ] {
        let answer = scene.ada.get(&format!("/api/get-messages/?session_id={number}")).await;
        assert!([400, 404].contains(&answer.status), "{number}: {} {}", answer.status, answer.text);
        let answer = scene.ada.get(&format!("/api/sessions/{number}x/")).await;
        assert_eq!(answer.status, 404, "{number}: {}", answer.text);
    }
    for path in [
        "/api/get-messages/",
        "/api/get-messages/?session=1",
        "/api/get-messages/?session_id=1&session_id=x",
    ] {
        assert_eq!(scene.ada.get(path).await.status, 400, "{path}");
    }
    for number in [
        json!("abc"),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e3),
        json!(2_147_483_648_i64),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e30),
        json!("1 OR 1=1"),
        json!("1,2"),
        json!([1]),
        json!({"id": 1}),
        json!(true),
    ] {
        let body = json!({"text": "hello", "session_id": number});
        let answer = scene.ada.post("/api/send-message/", &body).await;
        assert!([400, 404].contains(&answer.status), "{number}: {} {}", answer.status, answer.text);
    }
    assert_eq!(scene.ada.messages(scene.session).await, before, "nothing was said");
    scene.ends_unharmed().await;
}
