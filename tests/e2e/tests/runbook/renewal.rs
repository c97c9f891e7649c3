//! What is said of certificates and of versions beside one another.

use std::fs;
use std::path::Path;

use chassis::{authority, clock};
use e2e::{Apart, Process, Product};
use openai_stub::Stub;
use tempfile::TempDir;

/// In the first round each has its old certificate, in the second one of them has its new one already.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_in_two_rounds_while_old_and_new_know_each_other() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let place = TempDir::new().unwrap();
    let (old, new) = (apart.certificates(), place.path().join("new"));
    authority::make(&new, &["auth-service", "chat-service", "gateway"], clock::now()).unwrap();
    let both =
        [&old, &new].map(|folder| fs::read_to_string(folder.join("ca.pem")).unwrap()).concat();
    for folder in [&old, &new] {
        fs::write(folder.join("ca.pem"), &both).unwrap();
    }
    let running: Vec<Process> = vec![
        apart.start_with("auth-service", &old),
        apart.start_with("chat-service", &new),
        apart.start_with("gateway", &old),
    ];
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    assert!(!ada.say("hello").await.1.is_empty());
    drop(running);
}

/// Writes down a step that only a later version knows.
async fn take_a_later_step(folder: &Path) {
    let step = "INSERT INTO chat_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    scratch::change(folder, "chat", step).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_goes_on_beside_a_newer_database_and_does_not_start_on_it() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let auth = apart.start("auth-service");
    let mut chat = apart.start("chat-service");
    let gateway = apart.start("gateway");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    take_a_later_step(apart.data()).await;
    assert!(!ada.say("are you there").await.1.is_empty());
    chat.kill().await;
    let mut older = apart.start("chat-service");
    assert_eq!(older.ended().await, Some(1), "{}", older.output());
    assert!(older.output().contains("m9999_later"), "{}", older.output());
    drop((auth, gateway));
}
