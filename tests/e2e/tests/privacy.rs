//! What is never written down.

use e2e::{Answer, Process, Product, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tempfile::TempDir;

use super::canaries::Canaries;

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
        let mut canaries = Canaries::of([CANARY]);
        for token in live_a_little(&product, &stub, format).await {
            canaries.add_token(&token);
        }
        canaries.add_keys(&data.path().join("keys"));
        process.stop().await;
        let output = process.output();
        assert!(output.contains("answered"), "there are logs at all");
        canaries.are_not_in(&output);
        if format == "json" {
            let logs = output.lines().filter(|line| line.starts_with('{'));
            let whole = logs.filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
            assert!(whole.count() > 10);
        }
    }
}

/// Everything that can be said, right and wrong. Returns the tokens that were given out.
async fn live_a_little(product: &Product, stub: &Stub, name: &str) -> [String; 2] {
    let password = format!("{CANARY} password");
    let account = json!({"username": format!("ada-{name}"), "password": password});
    let reply = product.post("/api/register/", &account).await.json();
    let tokens = ["token", "refresh"].map(|key| reply[key].as_str().unwrap().to_owned());
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
    converse(product, &tokens[0]).await;
    // A model that quotes what it was sent in what goes wrong.
    for bad in [
        Behaviour::StatusWithText { code: 400, body: format!("<p>{CANARY}</p>") },
        Behaviour::MalformedChunk { text: CANARY.to_owned(), tokens: 1 },
        Behaviour::ErrorChunk { text: CANARY.to_owned(), tokens: 1 },
        Behaviour::NoFinish { text: CANARY.to_owned() },
    ] {
        stub.always(bad);
        say(words.clone(), &tokens[0]).await;
        let told = product.request("POST", "/api/send-message/").bearer_auth(&tokens[0]);
        let told = told.header("accept", "text/event-stream").json(&words);
        assert_eq!(Answer::to(told).await.status, 200);
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
    tokens
}

/// Every other place where somebody may leave words, right and wrong.
async fn converse(product: &Product, token: &str) {
    let ask = async |method: &str, path: &str, body: serde_json::Value| {
        let request = product.request(method, path).bearer_auth(token);
        let key = format!("{CANARY}-{}", path.len());
        Answer::to(request.header("idempotency-key", key).json(&body)).await
    };
    let account = json!({"username": CANARY, "password": "correct horse battery"});
    let registering = product.request("POST", "/api/register/").header("idempotency-key", CANARY);
    Answer::to(registering.json(&account)).await;

    let named = ask("POST", "/api/sessions/", json!({"title": CANARY})).await;
    assert_eq!(named.status, 201, "{}", named.text);
    let session = format!("/api/sessions/{}/", named.json()["id"]);
    let told = |key: &str, body: &serde_json::Value| {
        let request = product.request("POST", "/api/send-message/").bearer_auth(token);
        request.header("accept", "text/event-stream").header("idempotency-key", key).json(body)
    };
    let words = json!({"text": format!("{CANARY}, told")});
    let whole = Answer::to(told(CANARY, &words)).await;
    assert!(whole.status == 200 && whole.text.contains("event: done"), "{}", whole.text);
    assert_eq!(Answer::to(told(CANARY, &json!({"text": "something else"}))).await.status, 422);
    assert_eq!(Answer::to(told(&format!("not {CANARY}"), &words)).await.status, 400);

    let list = ask("GET", &format!("{session}messages/"), json!(null)).await.json();
    let (user, ai) = (&list["messages"][0], &list["messages"][1]);
    let turn = format!("/api/turns/{}/", ai["turn"]);
    let edit = format!("/api/messages/{}/edit/", user["id"]);
    let feedback = format!("/api/messages/{}/feedback/", ai["id"]);
    let none = || json!(null);
    let wrong = || json!({"rating": CANARY, "comment": CANARY, "last_event_id": CANARY});
    for (method, path, body, status) in [
        ("POST", edit, json!({"text": format!("{CANARY}, edited")}), 201),
        ("POST", format!("{turn}regenerate/"), wrong(), 201),
        ("POST", format!("{turn}cancel/"), wrong(), 400),
        ("POST", format!("{turn}retry/"), wrong(), 409),
        ("POST", format!("{turn}select/"), wrong(), 200),
        ("POST", feedback.clone(), json!({"rating": "up", "comment": CANARY}), 200),
        ("POST", feedback.clone(), wrong(), 400),
        ("DELETE", feedback, none(), 204),
        ("PATCH", session.clone(), json!({"title": format!("{CANARY}, renamed")}), 200),
        ("PATCH", session.clone(), json!({"title": CANARY.repeat(100)}), 400),
        ("PATCH", session.clone(), json!({"archived": CANARY}), 400),
        ("GET", format!("{session}context/?text={CANARY}"), none(), 200),
        ("GET", format!("{session}messages/?after={CANARY}"), none(), 400),
        ("GET", format!("/api/search/?q={CANARY}"), none(), 200),
        ("GET", format!("/api/search/?q={}", CANARY.repeat(30)), none(), 400),
        ("GET", format!("/api/search/?q=hi&page_token={CANARY}"), none(), 400),
        ("GET", format!("/api/sessions/?page_token={CANARY}"), none(), 400),
        ("GET", format!("{turn}events/?last_event_id={CANARY}"), none(), 400),
        ("GET", format!("{turn}events/"), none(), 200),
        ("GET", "/api/account/export/".to_owned(), none(), 200),
        ("GET", format!("/api/account/usage/?days={CANARY}"), none(), 400),
        ("DELETE", session, none(), 204),
    ] {
        let answer = ask(method, &path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    let odd = product.request("GET", "/api/sessions/").bearer_auth(token);
    let odd = odd.header("last-event-id", CANARY).header("if-none-match", CANARY);
    assert_eq!(Answer::to(odd).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_in_danger_said_is_in_their_messages_and_nowhere_else() {
    let stub = Stub::start().await.unwrap();
    let data = TempDir::new().unwrap();
    let (address, folder, model) =
        (free_address(), data.path().display().to_string(), stub.base_url());
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("OPENAI_BASE_URL", &model),
        ("AUTH_BCRYPT_COST", "10"),
        ("RUST_LOG", "trace"),
    ];
    let mut process = Process::start("ai-buddy", &settings);
    let product = Product::at(&address);
    product.ready().await;
    let ada = product.register("ada").await;
    stub.judges(Behaviour::reply(format!("{{\"tier\":\"high\", \"why\": \"{CANARY}\"}}")));
    let quoting = || format!("You said {CANARY}. Call {CANARY} at 1-800-555-0199.");
    for (text, behaviour) in [
        ("it rained", Behaviour::reply(quoting())),
        ("I can't go on like this", Behaviour::reply(quoting())),
        ("I want to die", Behaviour::DropAfter { text: quoting(), tokens: 4 }),
        ("I took all the pills an hour ago", Behaviour::unauthorized()),
        ("Quiero morir", Behaviour::FinishReason { text: quoting(), reason: "stop".into() }),
        (
            "my friend wants to kill herself",
            Behaviour::MalformedChunk { text: quoting(), tokens: 2 },
        ),
    ] {
        stub.always(behaviour);
        // Words that only the model finds grave would else become a title.
        ada.post("/api/sessions/", &json!({"title": "mine"})).await;
        let mut reader = ada.stream(&format!("{text}, {CANARY}")).await;
        reader.read_on().await;
        ada.try_to_say(&format!("{CANARY}, {text}")).await;
        assert!(reader.count("safety") > 0, "{text}");
        let others = reader.events.iter().filter(|event| event.name != "delta");
        let told: Vec<_> = others.map(|event| event.data.to_string()).collect();
        assert!(told.iter().all(|told| !told.contains(CANARY)), "{told:?}");
    }
    // And while nothing can be written.
    let database = scratch::connect(data.path(), "chat").await;
    scratch::refuse(&database, "refused", ("INSERT", "turns", "")).await;
    let refused = ada.try_to_say(&format!("I want to die, {CANARY}")).await;
    assert_eq!(refused.status, 500);
    assert!(refused.json()["safety"].is_object() && !refused.text.contains(CANARY));

    process.stop().await;
    let output = process.output();
    // What was noticed is in the logs, with the request that it came by.
    let noticed = output.lines().find(|line| line.contains("something grave was said")).unwrap();
    assert!(noticed.contains("request_id"), "{noticed}");
    let line = output.lines().find(|line| line.contains(CANARY));
    assert!(line.is_none(), "{line:?}");
    let mut found = scratch::places_of(&database, CANARY).await;
    // The index of what was said is part of it.
    found.retain(|place| !place.starts_with("search") && place != "messages.search");
    assert_eq!(found, ["messages.text"]);
    let accounts = scratch::connect(data.path(), "auth").await;
    assert_eq!(scratch::places_of(&accounts, CANARY).await, [""; 0]);
}
