//! Stored hashes that somebody tampered with while the product runs.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::Scene;

/// In everything that must not be told.
const CANARY: &str = "canary-of-a-hash";
/// No machine is so slow that it hashes for so long, and a poisoned cost would take days.
const LONGEST: Duration = Duration::from_secs(20);

/// What takes the place of a good hash, as SQL.
fn poisons(good: &str) -> Vec<(&'static str, String)> {
    let head = &good[..good.rfind("$2b$").unwrap()];
    let text = |text: &str| format!("'{text}'");
    vec![
        ("a cost of 31", text(&good.replace("$2b$10$", "$2b$31$"))),
        ("a cost of 4", text(&good.replace("$2b$10$", "$2b$04$"))),
        ("a cost of 99", text(&good.replace("$2b$10$", "$2b$99$"))),
        ("no cost", text(&good.replace("$2b$10$", "$2b$$"))),
        ("a scheme of others", text(&good.replace("$2b$", "$2c$"))),
        ("a pepper of others", text(&good.replacen(&head[5..13], "00000000", 1))),
        ("no scheme", text(&good[5..])),
        ("a password", text(&format!("{CANARY} itself"))),
        ("nothing", text("")),
        ("a word for nothing", text("NULL")),
        ("half", text(&good[..good.len() - 9])),
        ("more than all", text(&format!("{good}{CANARY}"))),
        ("no salt", text(&format!("{head}$2b$10${}", "!".repeat(53)))),
        ("two bytes where there is one", text(&format!("{head}$2b$10$x{}", "\u{e9}".repeat(26)))),
        ("only such", text(&"\u{1f600}".repeat(40))),
        ("dollars", text(&"$".repeat(60))),
        ("a megabyte", format!("'{head}$2b$10$' || hex(zeroblob(500000))")),
        ("bytes", "x'00ff80fe'".to_owned()),
        ("text that is none", "CAST(x'ff80fe' AS TEXT)".to_owned()),
        ("an end in the middle", format!("'{good}' || char(0) || 'more'")),
    ]
}

/// A25
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_hash_opens_nothing_takes_no_longer_and_is_reported_without_its_words() {
    // A server keeps no bytes where text belongs.
    if scratch::has_no_files() {
        return;
    }
    let mut scene = Scene::open().await;
    for canary in [CANARY, "$2b$", "$ab1$"] {
        scene.canaries.add(canary);
    }
    let Scene { process, product, ada, .. } = &scene;
    let grace = product.register("grace").await;
    let database = scratch::connect(product.data(), "auth").await;
    let hers = format!("SELECT password_hash FROM users WHERE id = {}", ada.id);
    let good = scratch::texts(&database, &hers).await.remove(0);
    let store = async |value: &str| {
        let update = format!("UPDATE users SET password_hash = {value} WHERE id = {}", ada.id);
        database.execute_unprepared(&update).await.unwrap();
    };
    let log_in = async |name: &str, password: &str| {
        let started = Instant::now();
        let body = json!({"username": name, "password": password});
        let answer = product.post("/api/login/", &body).await;
        assert!(started.elapsed() < LONGEST, "{name}: {:?}", started.elapsed());
        answer
    };
    let wrong = log_in("grace", "not the password").await;
    for (what, poison) in poisons(&good) {
        store(&poison).await;
        for password in [ada.password.as_str(), "canary-of-a-hash itself"] {
            let answer = log_in("ada", password).await;
            assert_eq!((answer.status, answer.says()), (401, wrong.says()), "{what}");
        }
        assert_eq!(log_in("grace", &grace.password).await.status, 200, "{what}");
    }
    let reported = format!("user_id={}", ada.id);
    let told = process.output();
    let warnings = told.lines().filter(|line| line.contains("WARN") && line.contains(&reported));
    println!("{} warnings, such as {:?}", warnings.clone().count(), warnings.clone().next());
    assert!(warnings.count() >= poisons(&good).len(), "{told}");

    // What was hers is still good, and nobody was hurt.
    store(&format!("'{good}'")).await;
    assert_eq!(log_in("ada", &ada.password).await.status, 200);
    database.close().await.unwrap();
    scene.ends_unharmed().await;
}
