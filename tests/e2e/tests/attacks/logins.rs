//! Logins that have ended, passwords that have changed, accounts that are gone.

use std::time::Duration;

use e2e::{Answer, Product, User};
use serde_json::{Value, json};

use super::forger::sign;
use super::{LET_IN, REFUSED, Scene};
use crate::contract::tokens::{Key, part};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Another login of somebody.
pub(super) async fn log_in(product: &Product, user: &User) -> User {
    let body = json!({"username": user.name, "password": user.password});
    let reply = product.post("/api/login/", &body).await.json();
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    let mut user = user.clone();
    (user.access, user.refresh) = (text("access"), text("refresh"));
    user
}

pub(super) async fn refresh(product: &Product, token: &str) -> u16 {
    product.post("/api/refresh/", &json!({"refresh": token})).await.status
}

pub(super) fn bearer(user: &User) -> String {
    format!("Bearer {}", user.access)
}

/// B03
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused_whatever_it_is() {
    let scene = Scene::open().await;
    let token = &scene.ada.refresh;
    for (value, status) in [
        (json!(true), 400),
        (json!({"refresh": token}), 400),
        (json!([token]), 400),
        (json!(1e300), 401),
        (json!("a".repeat(200_000)), 401),
        (json!(".".repeat(200_000)), 401),
        (json!("a".repeat(1_000_000)), 413),
        (json!(format!("{} {}", &token[..20], &token[20..])), 401),
        (json!(format!("{token}\n.")), 401),
        (json!(format!("Bearer {token}")), 401),
    ] {
        let answer = scene.product.post("/api/refresh/", &json!({"refresh": value})).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(!answer.text.contains(&token[..20]), "{}", answer.text);
    }
    scene.ends_unharmed().await;
}

/// B06
#[tokio::test(flavor = "multi_thread")]
async fn a_login_ends_once_and_also_when_its_token_has_expired() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let (other, third) = (log_in(&scene.product, &bob).await, log_in(&scene.product, &bob).await);
    let end = async |token: &str| {
        scene.product.post("/api/logout/", &json!({"refresh": token})).await.status
    };
    assert_eq!(end(&bob.refresh).await, 200);
    assert_eq!(refresh(&scene.product, &bob.refresh).await, 401);
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, REFUSED);
    assert_eq!(end(&bob.refresh).await, 200, "what has ended stays ended");
    let (header, mut claims) = (part(&other.refresh, 0).unwrap(), part(&other.refresh, 1).unwrap());
    for name in ["iat", "nbf", "exp"] {
        claims[name] = json!(claims[name].as_i64().unwrap() - 8 * 24 * 3600);
    }
    let key = Key::refresh(&scene.product);
    assert_eq!(end(&sign(&key, &header.to_string(), &claims.to_string())).await, 200);
    assert_eq!(scene.knock(&[&bearer(&other)]).await, REFUSED);
    for token in ["garbage", "a.b.c", &third.access] {
        assert_eq!(end(token).await, 401);
    }
    assert_eq!(scene.knock(&[&bearer(&third)]).await, LET_IN);
    scene.ends_unharmed().await;
}

/// A32
#[tokio::test(flavor = "multi_thread")]
async fn of_any_number_of_logins_fifty_stay_and_these_are_the_latest() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let mut logins = vec![bob.clone()];
    for _ in 1..65 {
        logins.push(log_in(&scene.product, &bob).await);
    }
    let (ended, living) = logins.split_at(15);
    for login in ended {
        assert_eq!(refresh(&scene.product, &login.refresh).await, 401);
        // Who ends a login by one more is not kept waiting until everybody knows.
        let known = async { while scene.knock(&[&bearer(login)]).await != REFUSED {} };
        tokio::time::timeout(PATIENCE, known).await.unwrap();
    }
    for login in living {
        assert_eq!(refresh(&scene.product, &login.refresh).await, 200);
        assert_eq!(scene.knock(&[&bearer(login)]).await, LET_IN);
    }
    scene.ends_unharmed().await;
}

/// B08
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_login_whose_token_it_shows_and_no_other() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let answer = scene.ada.post("/api/logout/", &json!({"refresh": bob.refresh})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, REFUSED);
    assert_eq!(scene.knock(&[&bearer(&scene.ada)]).await, LET_IN);
    assert_eq!(refresh(&scene.product, &scene.ada.refresh).await, 200);
    scene.ends_unharmed().await;
}

/// B17
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_leaves_nothing_of_before_at_any_door() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let other = log_in(&scene.product, &bob).await;
    let change =
        |current: &str| json!({"current_password": current, "new_password": "a new one 7"});
    let wrong = bob.post("/api/change-password/", &change("not the password")).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, LET_IN);
    let changed = bob.post("/api/change-password/", &change(&bob.password)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for before in [&bob, &other] {
        assert_eq!(scene.knock(&[&bearer(before)]).await, REFUSED);
        assert_eq!(refresh(&scene.product, &before.refresh).await, 401);
    }
    let pair = changed.json();
    let next = format!("Bearer {}", pair["access"].as_str().unwrap());
    assert_eq!(scene.knock(&[&next]).await, LET_IN);
    assert_eq!(refresh(&scene.product, pair["refresh"].as_str().unwrap()).await, 200);
    scene.ends_unharmed().await;
}

async fn delete(user: &User) {
    let password = json!({"password": user.password});
    let answer = Answer::to(user.request("DELETE", "/api/account/").json(&password)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// B05, B20, B21
#[tokio::test(flavor = "multi_thread")]
async fn nobody_steps_into_a_deleted_account() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let (session, _) = bob.say("mine alone").await;
    delete(&bob).await;
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, REFUSED);
    assert_eq!(refresh(&scene.product, &bob.refresh).await, 401);
    for name in ["bob", "BOB", "\u{ff42}ob"] {
        let body = json!({"username": name, "password": "another password"});
        let again = scene.product.post("/api/register/", &body).await;
        assert_eq!(again.status, 400, "the name stays taken: {}", again.text);
    }
    let carol = scene.product.register("carol").await;
    assert!(carol.id > bob.id, "a number is nobody else's later on");
    assert_eq!(carol.see("/api/sessions/").await["sessions"], Value::Array(Vec::new()));
    let old = carol.get(&format!("/api/get-messages/?session_id={session}")).await;
    assert_eq!(old.status, 404, "{}", old.text);
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, REFUSED);
    scene.ends_unharmed().await;
}
