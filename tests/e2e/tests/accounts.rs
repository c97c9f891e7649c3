//! What becomes of accounts, logins and their tokens, through the whole product.

mod deletion;
mod outage;
mod revocation;

use e2e::{Answer, Product, User};
use serde_json::json;

/// Ends a login by its refresh token.
async fn log_out(product: &Product, refresh: &str) -> Answer {
    product.post("/api/logout/", &json!({"refresh": refresh})).await
}

/// Logs somebody in once more.
async fn log_in(product: &Product, user: &User) -> User {
    let body = json!({"username": user.name, "password": user.password});
    let answer = product.post("/api/login/", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = answer.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let mut user = user.clone();
    (user.access, user.refresh) = (text("access"), text("refresh"));
    user
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_tells_who_one_is() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let account = ada.see("/api/account/").await;
    assert_eq!((&account["id"], &account["username"]), (&json!(ada.id), &json!(ada.name)));
    assert!(account["created_at"].as_str().unwrap().ends_with('Z'), "{account}");
    assert_eq!(product.get("/api/account/").await.says(), (401, "not_authenticated".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_whoever_knows_it() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let phone = log_in(&product, &ada).await;
    let change = async |who: &User, current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        who.post("/api/change-password/", &body).await
    };
    let wrong = change(&ada, "not this one", "a much better one").await;
    assert_eq!(wrong.says(), (400, "invalid".into()));
    assert!(wrong.json()["current_password"].is_array(), "{}", wrong.text);
    let weak = change(&ada, &ada.password, "password1").await;
    assert!(weak.json()["new_password"].is_array(), "{}", weak.text);
    let nothing = ada.post("/api/change-password/", &json!({})).await.json();
    assert_eq!(nothing["new_password"], json!(["This field is required."]));

    let changed = change(&ada, &ada.password, "a much better one").await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for old in [&ada, &phone] {
        assert_eq!(old.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
        let renewed = product.post("/api/refresh/", &json!({"refresh": old.refresh})).await;
        assert_eq!(renewed.says(), (401, "token_not_valid".into()));
    }
    let mut ada = ada;
    ada.access = changed.json()["access"].as_str().unwrap().to_owned();
    ada.password = "a much better one".to_owned();
    assert_eq!(ada.get("/api/sessions/").await.status, 200);
    assert_eq!(log_in(&product, &ada).await.get("/api/account/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_out_everywhere_is_out_everywhere() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let (phone, laptop) = (log_in(&product, &ada).await, log_in(&product, &ada).await);
    let answer = phone.post("/api/logout/", &json!({})).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "its own login");
    assert_eq!(phone.get("/api/account/").await.status, 401);
    assert_eq!(laptop.get("/api/account/").await.status, 200);
    assert_eq!(laptop.post("/api/logout", &json!({"all": true})).await.status, 200);
    for out in [&ada, &phone, &laptop] {
        assert_eq!(out.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
    }
    assert_eq!(product.post("/api/logout/", &json!({})).await.status, 401);
    let wrong = log_in(&product, &ada).await.post("/api/logout/", &json!({"all": "maybe"})).await;
    assert!(wrong.status == 400 && wrong.json()["all"].is_array(), "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_changes_where_somebody_asks_for_it() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let refresh = |token: &str, rotate: bool| {
        let body = json!({"refresh": token, "rotate": rotate});
        let request = product.request("POST", "/api/refresh/").json(&body);
        Answer::to(request)
    };
    let plain = refresh(&ada.refresh, false).await.json();
    assert_eq!(plain.as_object().unwrap().len(), 1, "exactly as documented: {plain}");
    let first = refresh(&ada.refresh, true).await.json()["refresh"].as_str().unwrap().to_owned();
    let second = refresh(&first, false).await.json()["refresh"].as_str().unwrap().to_owned();
    assert_eq!(refresh(&ada.refresh, true).await.says(), (401, "token_not_valid".into()));
    assert_eq!(refresh(&second, true).await.says(), (401, "token_not_valid".into()), "stolen");
    assert_eq!(ada.get("/api/account/").await.status, 401);
}
