//! What is never written down.

use e2e::{Process, Product, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tempfile::TempDir;

/// In everything that must not be seen again.
const CANARY: &str = "canary-7f3a";

#[tokio::test(flavor = "multi_thread")]
async fn words_passwords_tokens_and_keys_never_reach_the_logs() {
    let stub = Stub::start().await.unwrap();
    let data = TempDir::new().unwrap();
    for format in ["text", "json"] {
        let (address, folder, model) =
            (free_address(), data.path().display().to_string(), stub.base_url());
        let mut process = Process::start(
            "ai-buddy",
            &[
                ("AI_BUDDY_LISTEN", address.as_str()),
                ("AI_BUDDY_DATA", &folder),
                ("OPENAI_BASE_URL", &model),
                ("OPENAI_API_KEY", "sk-canary-7f3a"),
                ("AUTH_BCRYPT_COST", "10"),
                ("RUST_LOG", "trace"),
                ("LOG_FORMAT", format),
            ],
        );
        let product = Product::at(&address);
        product.ready().await;
        let tokens = live_a_little(&product, &stub, format).await;
        process.signal("TERM").await;
        assert_eq!(process.ended().await, Some(0));
        let output = process.output();
        assert!(output.contains("answered"), "there are logs at all");
        for secret in tokens.iter().map(String::as_str).chain([CANARY]) {
            let line = output.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{line:?}");
        }
        if format == "json" {
            let logs = output.lines().filter(|line| line.starts_with('{'));
            let whole = logs.filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
            assert!(whole.count() > 10);
        }
    }
}

/// Everything that can be said, right and wrong. Returns the tokens that were given out.
async fn live_a_little(product: &Product, stub: &Stub, name: &str) -> Vec<String> {
    let password = format!("{CANARY} password");
    let account = json!({"username": format!("ada-{name}"), "password": password});
    let reply = product.post("/api/register/", &account).await.json();
    let mut tokens: Vec<String> =
        ["token", "refresh"].map(|key| reply[key].as_str().unwrap().to_owned()).into();
    product.post("/api/register/", &account).await;
    product.post("/api/register/", &json!({"username": CANARY, "password": CANARY})).await;
    product.post("/api/login/", &account).await;
    product.post("/api/login/", &json!({"username": CANARY, "password": CANARY})).await;
    product.post("/api/refresh/", &json!({"refresh": tokens[1]})).await;
    product.post("/api/refresh/", &json!({"refresh": CANARY})).await;
    let broken = format!("{{\"username\": \"{CANARY}\", \"password\": ");
    let raw = product.request("POST", "/api/login/").header("content-type", "application/json");
    raw.body(broken).send().await.unwrap();

    let say = async |body: serde_json::Value, token: &str| {
        let request = product.request("POST", "/api/send-message/").bearer_auth(token);
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    let words = json!({"text": format!("my secret is {CANARY}")});
    stub.always(Behaviour::reply(format!("so your secret is {CANARY}")));
    assert_eq!(say(words.clone(), &tokens[0]).await, 201);
    // A model that quotes what it was sent in what goes wrong.
    for bad in [
        Behaviour::StatusWithText { code: 400, body: format!("<p>{CANARY}</p>") },
        Behaviour::MalformedChunk { text: CANARY.to_owned(), tokens: 1 },
        Behaviour::ErrorChunk { text: CANARY.to_owned(), tokens: 1 },
        Behaviour::NoFinish { text: CANARY.to_owned() },
    ] {
        stub.always(bad);
        say(words.clone(), &tokens[0]).await;
    }
    say(json!({"text": "x".repeat(17_000) + CANARY}), &tokens[0]).await;
    say(json!({"text": "hi", "session_id": CANARY}), &tokens[0]).await;
    say(words, &format!("{CANARY}.{CANARY}.{CANARY}")).await;
    let danger = json!({"text": format!("I want to die, {CANARY}")});
    stub.always(Behaviour::unauthorized());
    assert_eq!(say(danger, &tokens[0]).await, 201);
    product.get(&format!("/api/get-messages/?session_id=1&secret={CANARY}")).await;
    product.get(&format!("/{CANARY}/{CANARY}")).await;
    let odd = product.request("GET", "/livez").header("x-request-id", format!("{{{CANARY}}}"));
    odd.send().await.unwrap();
    // A token is three parts; any of them would be a trace.
    let parts: Vec<String> =
        tokens.iter().flat_map(|token| token.split('.').skip(1)).map(str::to_owned).collect();
    tokens.extend(parts);
    tokens
}
