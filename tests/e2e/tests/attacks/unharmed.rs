//! What is asked of the product after an attack, of however many processes it is.

use std::path::Path;

use e2e::{Process, Product, User};
use serde_json::json;

use super::super::canaries::Canaries;
use super::{MEMORY, PASSWORDS, WORDS};

/// The product is ready, and somebody can log in and read what they said.
pub(super) async fn serves(product: &Product, ada: &User, session: i64) {
    assert_eq!(product.get("/readyz").await.status, 200);
    let mut ada = ada.clone();
    let body = json!({"username": ada.name, "password": ada.password});
    let login = product.post("/api/login/", &body).await;
    assert_eq!(login.status, 200, "{}", login.text);
    login.json()["access"].as_str().unwrap().clone_into(&mut ada.access);
    let messages = ada.messages(session).await;
    assert_eq!(messages[0].1, WORDS);
}

/// What is nobody's business: of somebody, and of the keys in a folder.
pub(super) fn secrets(ada: &User, keys: &Path) -> Canaries {
    let mut canaries = Canaries::of([WORDS, PASSWORDS, "panicked"]);
    for token in [&ada.access, &ada.refresh] {
        canaries.add_token(token);
    }
    canaries.add_keys(keys);
    canaries
}

/// It is the same process, and not much more memory is gone than `memory`, as it was before.
pub(super) fn is_whole(process: &mut Process, memory: u64) {
    assert!(process.is_running(), "{}", process.output());
    let grown = process.resident_memory().saturating_sub(memory);
    assert!(grown < MEMORY, "{grown} bytes more are in use");
}

/// It ends when told, and has written down nothing that is nobody's business.
pub(super) async fn ends(process: &mut Process, canaries: &Canaries) {
    process.signal("TERM").await;
    assert_eq!(process.ended().await, Some(0), "{}", process.output());
    let output = process.output();
    assert!(output.contains("answered"), "there are logs at all");
    canaries.are_not_in(&output);
}
