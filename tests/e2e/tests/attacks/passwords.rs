//! Passwords at the edges of what is taken, and near misses.

use e2e::{Answer, Product};
use serde_json::json;

use super::Scene;

async fn enter(product: &Product, path: &str, name: &str, password: &str) -> Answer {
    product.post(path, &json!({"username": name, "password": password})).await
}

/// So many characters of which no one is like the one before: ideographs, from a place.
fn varied(characters: u32) -> String {
    (0..characters).map(|number| char::from_u32(0x4e00 + number * 7).unwrap()).collect()
}

/// A10
#[tokio::test(flavor = "multi_thread")]
async fn passwords_have_a_length_and_are_not_guessed_first() {
    let scene = Scene::open().await;
    let emoji: String = (0..64).map(|number| char::from_u32(0x1f600 + number).unwrap()).collect();
    let (longest, longer) = (varied(256), varied(257));
    let huge = "p".repeat(1_000_000);
    for (name, password, status) in [
        ("first", "short77", 400),
        ("second", "password1", 400),
        ("gwendolyn", "gwendolyn123", 400),
        ("fourth", &emoji, 201),
        ("fifth", &longest, 201),
        ("sixth", &longer, 400),
        ("seventh", &huge, 413),
    ] {
        let answer = enter(&scene.product, "/api/register/", name, password).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        // Logging in with it is right where it was taken, and never an error of ours.
        let login = enter(&scene.product, "/api/login/", name, password).await;
        let expected = match status {
            201 => 200,
            413 => 413,
            _ => 401,
        };
        assert_eq!(login.status, expected, "{name}: {}", login.text);
    }
    scene.ends_unharmed().await;
}

/// A11, A13, A14
#[tokio::test(flavor = "multi_thread")]
async fn nothing_like_a_password_is_the_password() {
    let scene = Scene::open().await;
    let seventy_two = "four gray ducks waddle past the old mill; nobody counts them any more...";
    assert_eq!(seventy_two.len(), 72);
    let shorter = &seventy_two[..71];
    let longer = format!("{seventy_two}x");
    let ligature = "\u{fb00}ord the ri\u{fb02}e river";
    for (name, password, others) in [
        ("ducks", seventy_two, vec![shorter, &longer]),
        ("garden", "caf\u{e9}-garden-9", vec!["cafe-garden-9", "CAF\u{c9}-garden-9"]),
        ("ford", ligature, vec!["fford the rifle river"]),
        ("plain", "a fine password", vec![" a fine password ", "a fine password\u{200b}"]),
    ] {
        let answer = enter(&scene.product, "/api/register/", name, password).await;
        assert_eq!(answer.status, 201, "{name}: {}", answer.text);
        for other in others {
            let answer = enter(&scene.product, "/api/login/", name, other).await;
            assert_eq!(answer.status, 401, "{name}: {other:?}");
        }
        let answer = enter(&scene.product, "/api/login/", name, password).await;
        assert_eq!(answer.status, 200, "{name}");
    }
    let decomposed = enter(&scene.product, "/api/login/", "garden", "cafe\u{301}-garden-9").await;
    assert_eq!(decomposed.status, 200, "the same characters, as another keyboard sends them");
    scene.ends_unharmed().await;
}

/// A17
#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_nobody_learns_whether_there_is_an_account() {
    let scene = Scene::open().await;
    for password in ["", "   ", "wrong", "\u{feff}"] {
        let ask = |name| {
            let body = json!({"username": name, "password": password});
            let request = scene.product.request("POST", "/api/login/").json(&body);
            Answer::to(request.header("x-request-id", "same"))
        };
        let (known, unknown) = (ask("ada").await, ask("nobody-at-all").await);
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text), "{password:?}");
        assert!(known.status == 400 || known.status == 401, "{}", known.text);
    }
    scene.ends_unharmed().await;
}
