//! What people do, from the first hello on.

use e2e::Product;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_talks_and_reads_it_again() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let (session, first) = ada.say("I'm feeling anxious about my upcoming exam").await;
    let (same, second) = ada.say("It's tomorrow").await;
    assert_eq!(session, same, "messages without a session go to the latest");
    let said = ada.messages(session).await;
    let expected = [
        ("USER", "I'm feeling anxious about my upcoming exam"),
        ("AI", first.as_str()),
        ("USER", "It's tomorrow"),
        ("AI", second.as_str()),
    ];
    assert_eq!(said, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_exactly_the_documented_keys() {
    let product = Product::start().await;
    let ada = product.register("keys").await;
    let (session, _) = ada.say("hello").await;
    let answer = ada.get(&format!("/api/get-messages/?session_id={session}")).await;
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["messages"]);
    let first = &body["messages"][0];
    let mut keys: Vec<_> = first.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["created_at", "id", "sender", "session", "text", "user"]);
    assert_eq!(first["user"], json!(ada.id));
    assert_eq!(first["session"], json!(session));
    assert!(first["created_at"].as_str().unwrap().ends_with('Z'), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_accounts_messages_and_tokens() {
    let product = Product::start_with(|_| {}).await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("remember me").await;
    let product = product.restart().await;

    let ada = product.returning(ada);
    assert_eq!(ada.messages(session).await.len(), 2, "the old token still works");
    let answer = product.post("/api/refresh/", &json!({"refresh": ada.refresh})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let login = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &login).await.status, 200);
    assert_eq!(ada.say("hello again").await.0, session);
}
