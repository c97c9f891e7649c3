//! The programs as an operator meets them: started in any order, stopped, killed.

use std::time::{Duration, Instant};

use e2e::{Apart, Process, Product, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_held_up_goes_on_with_what_it_had() {
    let stub = Stub::start().await.unwrap();
    let (text, every) = ("word ".repeat(30), Duration::from_millis(500));
    stub.always(Behaviour::TokenDelay { text: text.clone(), every });
    let apart = Apart::new(&stub.base_url());
    let _others = (apart.start("auth-service"), apart.start("gateway"));
    let chat = apart.start("chat-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let holding_up = async {
        stub.heard_at_least(1).await;
        chat.signal("STOP").await;
        // Longer than a lease, as when a laptop sleeps.
        tokio::time::sleep(Duration::from_secs(12)).await;
        chat.signal("CONT").await;
    };
    let mut reader = ada.stream("hello").await;
    tokio::join!(reader.read_on(), holding_up);
    assert_eq!((reader.text.as_str(), stub.heard().len()), (text.as_str(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_start_in_any_order_and_stop_when_told() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let mut gateway = apart.start("gateway");
    gateway.line_with("listening").await;
    let product = Product::at(&apart.gateway);
    assert_eq!(product.get("/livez").await.status, 200, "alive without anybody behind it");
    assert_eq!(product.get("/readyz").await.status, 503);
    let login = json!({"username": "ada", "password": "correct horse"});
    let answer = product.post("/api/login/", &login).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(!answer.header("retry-after").is_empty());

    let mut chat = apart.start("chat-service");
    chat.line_with("listening").await;
    let mut auth = apart.start("auth-service");
    product.ready().await;
    let ada = product.register("ada").await;
    assert_eq!(ada.say("hello").await.1, openai_stub::DEFAULT_REPLY);

    for process in [&mut gateway, &mut chat, &mut auth] {
        process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_is_said_to_be_away_and_is_found_again() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _gateway = apart.start("gateway");
    let mut chat = apart.start("chat-service");
    let mut auth = apart.start("auth-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("hello").await;

    chat.kill().await;
    let started = Instant::now();
    let answer = ada.try_to_say("are you there?").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(!answer.header("retry-after").is_empty());
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(product.get("/readyz").await.status, 503);
    let login = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &login).await.status, 200, "others are not hurt");

    let _chat = apart.start("chat-service");
    product.ready().await;
    assert_eq!(ada.messages(session).await.len(), 2);
    auth.kill().await;
    assert_eq!(
        ada.say("still there?").await.0,
        session,
        "tokens are verified without the auth service"
    );
    assert_eq!(product.post("/api/login/", &login).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_along_reads_on_when_the_only_chat_service_is_back() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _others = (apart.start("auth-service"), apart.start("gateway"));
    let mut chat = apart.start("chat-service");
    let product = Product::at(&apart.gateway);
    for is_told in [false, true] {
        product.ready().await;
        let ada = product.register(&format!("ada-{is_told}")).await;
        stub.next([Behaviour::StallAfter { text: "of no use ".repeat(9), tokens: 3 }]);
        let mut reader = ada.stream("hello").await;
        reader.read_words(3).await;
        if is_told {
            chat.stop().await;
        } else {
            chat.kill().await;
        }
        chat = apart.start("chat-service");
        reader.read_on().await;
        assert_eq!(reader.done()["finish_reason"], "stop");
        assert_eq!((reader.text.as_str(), reader.count("reset")), (openai_stub::DEFAULT_REPLY, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_certificates_of_others_gets_nothing_and_ours_still_does() {
    let stub = Stub::start().await.unwrap();
    let (apart, others) = (Apart::new(&stub.base_url()), Apart::new(&stub.base_url()));
    let auth = apart.start("auth-service");
    let _chat = apart.start("chat-service");
    let product = Product::at(&apart.gateway);
    // It takes our services for what they are; it is them who do not take it for ours.
    let ca = |apart: &Apart| std::fs::read_to_string(apart.certificates().join("ca.pem")).unwrap();
    std::fs::write(others.certificates().join("ca.pem"), ca(&others) + &ca(&apart)).unwrap();
    let mut theirs = apart.start_with("gateway", &others.certificates());
    auth.line_with("a TLS handshake failed").await;
    assert_eq!(product.get("/readyz").await.status, 503);
    let ada = json!({"username": "ada", "password": "correct horse"});
    let answer = product.post("/api/register/", &ada).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    theirs.kill().await;

    let _ours = apart.start("gateway");
    product.ready().await;
    let ada = product.register("ada").await;
    assert_eq!(ada.say("hello").await.1, openai_stub::DEFAULT_REPLY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_answered_survives_a_kill() {
    let data = TempDir::new().unwrap();
    let address = free_address();
    let folder = data.path().display().to_string();
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("AUTH_BCRYPT_COST", "10"),
    ];
    let product = Product::at(&address);
    let mut process = Process::start("ai-buddy", &settings);
    product.ready().await;
    let ada = product.register("ada").await;
    let mut said = Vec::new();
    for round in 0..5 {
        let text = format!("round {round}");
        let (session, reply) = ada.say(&text).await;
        process.kill().await;
        said.extend([("USER".to_owned(), text), ("AI".to_owned(), reply)]);
        process = Process::start("ai-buddy", &settings);
        product.ready().await;
        assert_eq!(ada.messages(session).await, said);
    }
    let login = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &login).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_is_in_flight_and_then_ends() {
    let stub = Stub::start().await.unwrap();
    let data = TempDir::new().unwrap();
    let (address, folder, model) =
        (free_address(), data.path().display().to_string(), stub.base_url());
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("OPENAI_BASE_URL", &model),
        ("AUTH_BCRYPT_COST", "10"),
    ];
    for signal in ["TERM", "INT"] {
        let mut process = Process::start("ai-buddy", &settings);
        let product = Product::at(&address);
        product.ready().await;
        let ada = product.register(&format!("ada-{signal}")).await;
        let delay = Duration::from_millis(300);
        stub.next([Behaviour::Slow { delay, text: "I am still with you.".into() }]);
        let before = stub.heard().len();
        let stopping = async {
            stub.heard_at_least(before + 1).await;
            process.signal(signal).await;
        };
        let (said, ()) = tokio::join!(ada.say("one more thing"), stopping);
        assert_eq!(said.1, "I am still with you.");
        process.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_it_is_and_who_answers() {
    let data = TempDir::new().unwrap();
    let folder = data.path().display().to_string();
    let settings = [("AI_BUDDY_LISTEN", "127.0.0.1:0"), ("AI_BUDDY_DATA", folder.as_str())];
    let mut process = Process::start("ai-buddy", &settings);
    let line = process.line_with("AI Buddy listens on").await;
    assert!(line.contains("http://127.0.0.1:"), "{line}");
    process.line_with("offline buddy answers").await;
    let with_model: Vec<_> =
        settings.into_iter().chain([("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]).collect();
    process.kill().await;
    let process = Process::start("ai-buddy", &with_model);
    process.line_with("gpt-4o-mini at http://127.0.0.1:9/v1 answers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_its_settings_names_them_and_ends() {
    for (program, settings, missing) in [
        ("auth-service", vec![], vec!["AUTH_DATABASE_URL", "AUTH_KEYS_DIR", "AUTH_TLS_DIR"]),
        (
            "chat-service",
            vec![],
            vec!["CHAT_DATABASE_URL", "CHAT_AUTH_URL", "CHAT_TLS_DIR", "OPENAI_API_KEY"],
        ),
        (
            "gateway",
            vec![("GATEWAY_LISTEN", "nowhere"), ("GATEWAY_AUHT_URL", "https://auth-service:50051")],
            vec![
                "GATEWAY_LISTEN",
                "GATEWAY_AUTH_URL",
                "GATEWAY_CHAT_URL",
                "GATEWAY_TLS_DIR",
                "GATEWAY_AUHT_URL is no setting",
            ],
        ),
    ] {
        let mut process = Process::start(program, &settings);
        assert_eq!(process.ended().await, Some(78));
        for name in missing {
            process.line_with(name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_there_is_not_is_named_and_its_value_is_not() {
    let data = TempDir::new().unwrap();
    let folder = data.path().display().to_string();
    let settings = [
        ("AI_BUDDY_LISTEN", "127.0.0.1:0"),
        ("AI_BUDDY_DATA", folder.as_str()),
        ("OPENAI_API_KAY", "canary"),
        ("CHAT_AUTH_URL", "https://canary"),
    ];
    let process = Process::start("ai-buddy", &settings);
    process.line_with("AI Buddy listens on").await;
    for name in ["OPENAI_API_KAY", "CHAT_AUTH_URL"] {
        let line = process.line_with(name).await;
        assert!(line.contains("WARN") && line.contains("it is ignored"), "{line}");
    }
    let output = process.output();
    let ignored = output.matches("it is ignored").count();
    assert!(ignored == 2 && !output.contains("canary"), "{output}");
}
