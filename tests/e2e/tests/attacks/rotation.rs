//! Refresh tokens that change with each use, and come back.

use e2e::{Answer, Product, User};
use futures_util::future::join_all;
use serde_json::json;

use super::logins::{bearer, log_in, refresh};
use super::{LET_IN, REFUSED, Scene};
use crate::contract::tokens::claims;

async fn rotate(product: &Product, token: &str) -> Answer {
    product.post("/api/refresh/", &json!({"refresh": token, "rotate": true})).await
}

/// The refresh token after this one.
async fn next(product: &Product, token: &str) -> String {
    let answer = rotate(product, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["refresh"].as_str().unwrap().to_owned()
}

/// How many came before it.
fn generation(token: &str) -> i64 {
    claims(token).unwrap()["gen"].as_i64().unwrap_or_default()
}

/// Whether a login goes on: at every door, and with the refresh token that is its last.
async fn lives(scene: &Scene, login: &User, last: &str) -> bool {
    let knocked = scene.knock(&[&bearer(login)]).await;
    let refreshed = refresh(&scene.product, last).await;
    assert!([(LET_IN, 200), (REFUSED, 401)].contains(&(knocked, refreshed)), "{knocked:?}");
    knocked == LET_IN
}

/// B09: the answer was lost, or there are two programs.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_again_at_once_brings_the_same_generation() {
    let scene = Scene::open().await;
    let product = &scene.product;
    let mut token = product.register("bob").await.refresh;
    for round in 1..=3 {
        let first = next(product, &token).await;
        let again = next(product, &token).await;
        assert_eq!((generation(&first), generation(&again)), (round, round));
        token = again;
    }
    assert_eq!(refresh(product, &token).await, 200);
    scene.ends_unharmed().await;
}

/// B11: one that was stolen long ago.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_ten_others_followed_ends_its_login_and_no_other() {
    let scene = Scene::open().await;
    let product = &scene.product;
    let bob = product.register("bob").await;
    let other = log_in(product, &bob).await;
    let mut last = bob.refresh.clone();
    for _ in 0..10 {
        last = next(product, &last).await;
    }
    assert_eq!((generation(&bob.refresh), generation(&last)), (0, 10));
    assert!(lives(&scene, &bob, &last).await);
    let answer = rotate(product, &bob.refresh).await;
    assert_eq!(answer.says(), (401, "token_not_valid".to_owned()));
    assert!(!lives(&scene, &bob, &last).await, "whoever has the last one may be the thief");
    assert!(lives(&scene, &other, &other.refresh).await);
    assert!(lives(&scene, &scene.ada, &scene.ada.refresh).await);
    scene.ends_unharmed().await;
}

/// B12
#[tokio::test(flavor = "multi_thread")]
async fn twenty_who_bring_one_refresh_token_at_once_go_one_step_together() {
    let scene = Scene::open().await;
    let product = &scene.product;
    let bob = product.register("bob").await;
    let mut token = bob.refresh.clone();
    for round in 1..=3 {
        let all = join_all((0..20).map(|_| next(product, &token))).await;
        let generations: Vec<_> = all.iter().map(|next| generation(next)).collect();
        assert!(generations.iter().all(|generation| *generation == round), "{generations:?}");
        token.clone_from(&all[7]);
    }
    assert!(lives(&scene, &bob, &token).await, "none of them is taken for a thief");
    scene.ends_unharmed().await;
}
