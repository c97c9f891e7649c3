//! Tokens while the keys that signed them change.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::forger::{encode, sign};
use super::{Doors, LET_IN, REFUSED, Scene};
use crate::contract::tokens::{Key, part};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a revoked key may be good for: it is promised to be a second, where there is room for it.
const MOMENT: Duration = Duration::from_secs(5);

fn kid(token: &str) -> Value {
    part(token, 0).unwrap()["kid"].clone()
}

async fn knock(scene: &Scene, token: &str) -> Doors {
    scene.knock(&[&format!("Bearer {token}")]).await
}

/// A new access token of ada's.
async fn renewed(scene: &Scene) -> String {
    let refresh = json!({"refresh": scene.ada.refresh});
    let answer = scene.product.post("/api/refresh/", &refresh).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["access"].as_str().unwrap().to_owned()
}

/// Has the next keys sign, and waits for the first token of one.
async fn rotate(scene: &Scene) -> String {
    let before = kid(&renewed(scene).await);
    scene.product.command("keys rotate --now").await;
    let taken_over = async {
        loop {
            let token = renewed(scene).await;
            if kid(&token) != before {
                return token;
            }
        }
    };
    tokio::time::timeout(PATIENCE, taken_over).await.unwrap()
}

/// C20
#[tokio::test(flavor = "multi_thread")]
async fn no_good_token_is_ever_refused_however_often_the_keys_change() {
    let scene = Scene::open().await;
    let stop = CancellationToken::new();
    let rotating = async {
        for _ in 0..5 {
            // What the new key signed is good everywhere at once.
            assert_eq!(knock(&scene, &rotate(&scene).await).await, LET_IN);
        }
        stop.cancel();
    };
    let old = async {
        let mut knocks = 0;
        while !stop.is_cancelled() {
            assert_eq!(knock(&scene, &scene.ada.access).await, LET_IN);
            knocks += 1;
        }
        knocks
    };
    let new = async {
        let mut knocks = 0;
        while !stop.is_cancelled() {
            assert_eq!(knock(&scene, &renewed(&scene).await).await, LET_IN);
            knocks += 1;
        }
        knocks
    };
    let ((), old, new) = tokio::join!(rotating, old, new);
    println!("{old} knocks with an old token, {new} with a new one");
    assert!(old > 5 && new > 5, "{old}, {new}");
    scene.ends_unharmed().await;
}

/// C19, C23
#[tokio::test(flavor = "multi_thread")]
async fn a_retired_key_is_good_and_a_revoked_one_is_not_at_any_door() {
    let scene = Scene::open().await;
    let new = rotate(&scene).await;
    assert_ne!(kid(&scene.ada.access), kid(&new));
    assert_eq!(knock(&scene, &scene.ada.access).await, LET_IN, "its key is retired");
    for (revoked, others) in [(&scene.ada.access, Some(&new)), (&new, None)] {
        scene.product.command(&format!("keys revoke {}", kid(revoked).as_str().unwrap())).await;
        let started = Instant::now();
        while knock(&scene, revoked).await != REFUSED {
            assert!(started.elapsed() < MOMENT, "it is still good");
        }
        println!("refused after {:?}", started.elapsed());
        if let Some(other) = others {
            assert_eq!(knock(&scene, other).await, LET_IN);
        }
    }
    let next = renewed(&scene).await;
    assert_eq!(knock(&scene, &next).await, LET_IN, "the login lives on, with another key");
    assert_eq!(knock(&scene, &new).await, REFUSED);
    scene.ends_unharmed().await;
}

/// C19: verifiers know the next key before it signs, so that nobody waits for them when it does.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_key_signs_is_known_before_and_an_unknown_key_is_not() {
    let scene = Scene::open().await;
    let (mut header, claims) =
        (part(&scene.ada.access, 0).unwrap(), part(&scene.ada.access, 1).unwrap());
    let (kid, key) = Key::access_that_is(&scene.product, "next");
    header["kid"] = json!(kid);
    let token = sign(&key, &header.to_string(), &claims.to_string());
    assert_eq!(knock(&scene, &token).await, LET_IN);
    header["kid"] = json!(encode("nobody knows it"));
    let token = sign(&key, &header.to_string(), &claims.to_string());
    assert_eq!(knock(&scene, &token).await, REFUSED);
    scene.ends_unharmed().await;
}
