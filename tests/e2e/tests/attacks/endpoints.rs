//! Requests that two readers could read in two ways, and answers that tell too much.

use e2e::Answer;
use serde_json::json;

use super::raw::{answers, exchange, status};
use super::{MEMORY, Scene};

/// E03
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let scene = Scene::open().await;
    let head = "POST /api/login/ HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let (gateway, counted) = (scene.gateway(), format!("{head}content-length: 100\r\n\r\n{{\""));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{\"\r\n");
    let (counted, chunked) = tokio::join!(
        exchange(&gateway, counted.as_bytes()),
        exchange(&gateway, chunked.as_bytes()),
    );
    for heard in [counted, chunked] {
        assert!([0, 408].contains(&status(&heard)), "{heard}");
    }
    scene.ends_unharmed().await;
}

/// E06
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_ends_in_two_places_is_one_request_and_the_last() {
    let scene = Scene::open().await;
    let inner = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
    let chunks = format!("0\r\n\r\n{inner}");
    let long = inner.len() + 5;
    for (what, headers) in [
        ("two lengths", format!("content-length: 0\r\ncontent-length: {long}\r\n")),
        ("two lengths in one", format!("content-length: 0, {long}\r\n")),
        ("a sign", "content-length: +2\r\n".to_owned()),
        ("below zero", "content-length: -1\r\n".to_owned()),
        ("hexadecimal", "content-length: 0x5\r\n".to_owned()),
        ("no length", "content-length: \r\n".to_owned()),
        ("a huge length", "content-length: 99999999999999999999\r\n".to_owned()),
        ("another coding", "transfer-encoding: xchunked\r\n".to_owned()),
        ("chunked and then not", "transfer-encoding: chunked, identity\r\n".to_owned()),
        ("a folded line", "transfer-encoding:\r\n chunked\r\n".to_owned()),
        ("a space before the colon", "transfer-encoding : chunked\r\n".to_owned()),
        ("a NUL", "x-other: a\0b\r\n".to_owned()),
        ("a bare return", "x-other: a\rb\r\n".to_owned()),
        ("a space in a name", "x other: a\r\n".to_owned()),
        ("no colon", "x-other\r\n".to_owned()),
    ] {
        let request = format!("POST /api/login/ HTTP/1.1\r\nhost: a\r\n{headers}\r\n{chunks}");
        let heard = exchange(&scene.gateway(), request.as_bytes()).await;
        assert!([400, 413, 501].contains(&status(&heard)), "{what}: {heard}");
        assert_eq!(answers(&heard), 1, "{what}: {heard}");
    }
    // Both a length and chunks, or chunks twice: whatever it is read as, nothing in it is a request.
    for (what, headers) in [
        (
            "a length and chunks",
            format!("content-length: {long}\r\ntransfer-encoding: chunked\r\n"),
        ),
        (
            "chunks and a length",
            format!("transfer-encoding: chunked\r\ncontent-length: {long}\r\n"),
        ),
        ("chunks twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n".to_owned()),
    ] {
        let request = format!("POST /api/login/ HTTP/1.1\r\nhost: a\r\n{headers}\r\n{chunks}");
        let heard = exchange(&scene.gateway(), request.as_bytes()).await;
        assert_eq!((answers(&heard), status(&heard) / 100), (1, 4), "{what}: {heard}");
    }
    for (what, chunks) in [
        ("a size that is too large", "ffffffffffffffffff\r\n"),
        ("a size below zero", "-1\r\n"),
        ("a size that is none", "zz\r\n"),
        ("a chunk that is longer than it says", "1\r\nabc\r\n0\r\n\r\n"),
    ] {
        let request = format!(
            "POST /api/login/ HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\n{chunks}{inner}"
        );
        let heard = exchange(&scene.gateway(), request.as_bytes()).await;
        assert!(answers(&heard) <= 1 && !heard.contains(" 200 "), "{what}: {heard}");
    }
    scene.ends_unharmed().await;
}

/// E07
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_for_exactly_one_host() {
    let scene = Scene::open().await;
    for (hosts, version, expected) in [
        ("host: a\r\n", "1.1", 200),
        ("", "1.0", 200),
        ("", "1.1", 400),
        ("host: a\r\nhost: a\r\n", "1.1", 400),
        ("host: a\r\nHost: b\r\n", "1.0", 400),
    ] {
        let request = format!("GET /livez HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
        let heard = exchange(&scene.gateway(), request.as_bytes()).await;
        assert_eq!(status(&heard), expected, "{hosts:?} {version}: {heard}");
    }
    scene.ends_unharmed().await;
}

/// E07
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_said_to_be_our_name_is_not_believed() {
    let scene = Scene::open().await;
    let token = &scene.ada.access;
    for (target, hosts) in [
        ("/api/send-message/", "host: evil.example\r\n"),
        ("/api/send-message/", "host: evil.example:80@a\r\nx-forwarded-host: evil.example\r\n"),
        ("http://evil.example/api/send-message/", "host: a\r\n"),
        ("/api/nowhere/", "host: evil.example\r\nforwarded: host=evil.example\r\n"),
        ("/api/login", "host: evil.example\r\n"),
    ] {
        let request = format!(
            "POST {target} HTTP/1.1\r\n{hosts}connection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 14\r\n\r\n{{\"text\": \"hi\"}}"
        );
        let heard = exchange(&scene.gateway(), request.as_bytes()).await;
        assert!(status(&heard) > 0 && status(&heard) < 500, "{heard}");
        assert!(!heard.contains("evil"), "{heard}");
    }
    scene.ends_unharmed().await;
}

/// E09
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_what_it_is_and_never_unpacked() {
    let scene = Scene::open().await;
    let account = json!({"username": "packed", "password": "a fine password"}).to_string();
    // A gzip member that holds its bytes as they are: the least that somebody would unpack.
    let length = u16::try_from(account.len()).unwrap();
    let stored = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    let packed = [head.as_slice(), &stored, account.as_bytes()].concat();
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let request = scene.product.request("POST", "/api/register/").body(packed.clone());
        let request = request.header("content-type", "application/json");
        let answer = Answer::to(request.header("content-encoding", encoding)).await;
        assert!([400, 415].contains(&answer.status), "{encoding}: {}", answer.text);
    }
    scene.ends_unharmed().await;
}

/// E09: of what is too large a little is read on and thrown away, so that its sender hears why.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_whether_it_ends_or_not() {
    let scene = Scene::open().await;
    let head = "POST /api/register/ HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let (gateway, before) = (scene.gateway(), scene.process.peak_memory());
    for length in [256 * 1024 + 1, 3 * 1024 * 1024] {
        let whole = format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n");
        let said = exchange(&gateway, (whole + &"{".repeat(length)).as_bytes()).await;
        assert_eq!(status(&said), 413, "{length}: {said}");
    }
    let announced = format!("{head}expect: 100-continue\r\ncontent-length: {}\r\n\r\n", i64::MAX);
    let said = exchange(&gateway, announced.as_bytes()).await;
    assert_eq!(status(&said), 413, "{said}");
    // Much more than is thrown away of it.
    let chunk = format!("10000\r\n{}\r\n", "{".repeat(0x1_0000));
    let endless = format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunk.repeat(1_600));
    let said = exchange(&gateway, endless.as_bytes()).await;
    // Whoever goes on talking may lose what was said to them last.
    assert!([0, 413].contains(&status(&said)) && answers(&said) <= 1, "{said}");
    let grown = scene.process.peak_memory() - before;
    assert!(grown < MEMORY, "{grown} bytes more were in use");
    scene.ends_unharmed().await;
}

/// E18, E19
#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_in_bodies_only_and_no_answer_tells_what_we_are_made_of() {
    let scene = Scene::open().await;
    let account = json!({"username": "cached", "password": "a fine password"});
    let registered = scene.product.post("/api/register/", &account).await;
    let refresh = json!({"refresh": registered.json()["refresh"]});
    let change = json!({"current_password": "a fine password", "new_password": "a finer password"});
    let token = registered.json()["token"].as_str().unwrap().to_owned();
    let changing = scene.product.request("POST", "/api/change-password/").bearer_auth(&token);
    let answers = [
        scene.product.post("/api/login/", &account).await,
        scene.product.post("/api/refresh/", &refresh).await,
        Answer::to(changing.json(&change)).await,
        registered,
        scene.product.get("/api/nowhere/").await,
        scene.product.get("/api/login/").await,
        scene.product.post("/api/login/", &json!({"username": 1})).await,
        scene.ada.get("/api/turns/999999999999999999999999/").await,
        scene.product.get("/api/sessions/").await,
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status < 400, number < 4, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "application/json");
        for name in ["server", "x-powered-by", "via", "location", "set-cookie"] {
            assert_eq!(answer.header(name), "", "{name}");
        }
        for (name, value) in &answer.headers {
            assert!(!value.as_bytes().starts_with(b"eyJ"), "a token in {name}");
        }
        for word in [".rs", "panicked", "tonic", "hyper", "axum", "sqlx", "sqlite", "stack"] {
            assert!(!answer.text.to_lowercase().contains(word), "{}", answer.text);
        }
    }
    scene.ends_unharmed().await;
}

/// H05
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_part_of_the_api_is_not_there_for_anybody() {
    let scene = Scene::open().await;
    for path in [
        "/",
        "/metrics",
        "/debug",
        "/debug/pprof/",
        "/actuator/env",
        "/server-status",
        "/admin/",
        "/.env",
        "/.git/config",
        "/api/",
        "/api/schema",
        "/api/schema/",
        "/api/keys/",
        "/auth.db",
        "/keys/keys.json",
        "/aibuddy.auth.v1.AuthService/GetSigningKeys",
    ] {
        for (who, answer) in
            [("nobody", scene.product.get(path).await), ("ada", scene.ada.get(path).await)]
        {
            assert_eq!(answer.says(), (404, "not_found".to_owned()), "{path}, {who}");
            let id = answer.header("x-request-id");
            let expected = json!({"code": "not_found", "detail": "Not found.", "request_id": id});
            assert_eq!(answer.json(), expected, "{path}, {who}");
        }
    }
    scene.ends_unharmed().await;
}
