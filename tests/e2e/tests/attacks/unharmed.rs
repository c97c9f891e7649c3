//! What is asked of the product after an attack, of however many processes it is.

use std::path::Path;

use e2e::{Process, Product, User};
use serde_json::json;

use super::super::canaries::Canaries;
use super::{MEMORY, MODEL_KEY, PASSWORDS, WORDS, wait};

/// The product is ready, and somebody can log in and read what they said.
pub(super) async fn serves(product: &Product, ada: &User, session: i64) {
    assert_eq!(product.get("/readyz").await.status, 200);
    let mut ada = ada.clone();
    let body = json!({"username": ada.name, "password": ada.password});
    let mut login = product.post("/api/login/", &body).await;
    if login.status == 429 {
        // Of a name that was guessed at. Whoever comes back when told is not sent away again.
        tokio::time::sleep(wait(&login)).await;
        login = product.post("/api/login/", &body).await;
    }
    assert_eq!(login.status, 200, "{}", login.text);
    login.json()["access"].as_str().unwrap().clone_into(&mut ada.access);
    let messages = ada.messages(session).await;
    assert_eq!(messages[0].1, WORDS);
}

/// What must not be in any log.
pub(super) fn canaries() -> Canaries {
    Canaries::of([WORDS, PASSWORDS, MODEL_KEY, "panicked"])
}

/// What is nobody's business, too: the tokens of somebody, and the keys in a folder.
pub(super) fn add_secrets(canaries: &mut Canaries, ada: &User, keys: &Path) {
    for token in [&ada.access, &ada.refresh] {
        canaries.add_token(token);
    }
    canaries.add_keys(keys);
}

/// It is the same process, and not much more memory is gone than `memory`, as it was before.
pub(super) fn is_whole(process: &mut Process, memory: u64) {
    assert!(process.is_running(), "{}", process.output());
    let grown = process.resident_memory().saturating_sub(memory);
    assert!(grown < MEMORY, "{grown} bytes more are in use");
}

/// It ends when told, and has written down nothing that is nobody's business.
pub(super) async fn ends(process: &mut Process, canaries: &Canaries) {
    process.stop().await;
    let output = process.output();
    assert!(output.contains("answered"), "there are logs at all");
    canaries.are_not_in(&output);
}
