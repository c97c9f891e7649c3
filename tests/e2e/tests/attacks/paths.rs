//! Paths and methods that something in between could read in another way than we do.

use super::Scene;
use super::raw::{exchange, status};

/// D12
#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_leads_past_the_door() {
    let scene = Scene::open().await;
    for path in [
        "/api//sessions/",
        "//api/sessions/",
        "/api/./sessions/",
        "/api/login/../sessions/",
        "/api/%2e%2e/api/sessions/",
        "/api/login/%2e%2e/sessions/",
        "/API/sessions/",
        "/api/Sessions/",
        "/api/sessions;x/",
        "/api/sessions/;x",
        "/api/sessions%2f",
        "/api/%73essions/",
        "/api/sessions/%00",
        "/api/sessions/?",
        "/api/sessions/#",
        "/api/sessions\\",
        "/api/sessions/ ",
        "/api/crisis-resources/../sessions/",
        "/.well-known/../api/sessions/",
        "/livez/../api/sessions/",
        "http://evil.example/api/sessions/",
        "*",
        "api/sessions/",
        "?/api/sessions/",
    ] {
        for word in ["", "authorization: Bearer a.b.c\r\n", "x-original-url: /livez\r\n"] {
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{word}\r\n");
            let heard = exchange(&scene.gateway(), request.as_bytes()).await;
            let refused = [400, 401, 404, 405];
            assert!(refused.contains(&status(&heard)), "{path} {word}: {heard}");
        }
    }
    scene.ends_unharmed().await;
}

/// Paths and what they are asked with.
const ROUTES: [(&str, &str); 14] = [
    ("/api/register/", "POST"),
    ("/api/login/", "POST"),
    ("/api/refresh/", "POST"),
    ("/api/logout/", "POST"),
    ("/api/change-password/", "POST"),
    ("/api/account/", "GET"),
    ("/api/account/", "DELETE"),
    ("/api/account/export/", "GET"),
    ("/api/send-message/", "POST"),
    ("/api/get-messages/", "GET"),
    ("/api/sessions/", "GET"),
    ("/api/turns/1/", "GET"),
    ("/api/search/", "GET"),
    ("/livez", "GET"),
];

/// A29
#[tokio::test(flavor = "multi_thread")]
async fn no_method_is_taken_for_another() {
    let scene = Scene::open().await;
    let token = &scene.ada.access;
    for (path, right) in ROUTES {
        for method in ["PUT", "TRACE", "CONNECT", "PROPFIND", "get", "Post", "DELETE "] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 authorization: Bearer {token}\r\nx-http-method-override: {right}\r\n\
                 x-http-method: {right}\r\nx-method-override: {right}\r\n\
                 content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
            );
            let heard = exchange(&scene.gateway(), request.as_bytes()).await;
            let refused = [400, 405];
            assert!(refused.contains(&status(&heard)), "{method} {path}: {heard}");
            // TRACE would send the token back.
            assert!(!heard.contains(token.as_str()), "{method} {path}: {heard}");
        }
    }
    scene.ends_unharmed().await;
}

/// D04
#[tokio::test(flavor = "multi_thread")]
async fn ones_own_account_is_for_those_with_a_token_only() {
    let scene = Scene::open().await;
    for (method, path) in [
        ("GET", "/api/account/"),
        ("DELETE", "/api/account/"),
        ("GET", "/api/account/export/"),
        ("POST", "/api/change-password/"),
        ("POST", "/api/logout/"),
        ("GET", "/api/get-messages/?session_id=1"),
    ] {
        let request = scene.product.request(method, path).json(&serde_json::json!({
            "password": scene.ada.password, "current_password": scene.ada.password,
            "new_password": "a better one 7", "session_id": scene.session, "all": true,
        }));
        let answer = e2e::Answer::to(request).await;
        assert_eq!(answer.says(), (401, "not_authenticated".to_owned()), "{method} {path}");
    }
    scene.ends_unharmed().await;
}
