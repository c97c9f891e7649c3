//! What people do with accounts of their own.

use proto::auth::v1::{ChangePasswordRequest, DeleteAccountRequest, LogOutRequest};
use serde_json::{Value, json};

use super::world::{World, answer};

#[tokio::test]
async fn a_logout_needs_one_token_of_either_kind() {
    let world = World::start().await;
    let logout = |refresh: &str, everywhere| LogOutRequest { refresh: refresh.into(), everywhere };
    let by_refresh = world.post("/api/logout/", &json!({"refresh": " r "})).await;
    assert_eq!((by_refresh.status, by_refresh.text.as_str()), (200, "{}"));
    let call = world.auth.log_out.last();
    assert_eq!((call.metadata("authorization"), &call.message), ("", &logout("r", false)));

    let request = world.request_as_user("POST", "/api/logout").json(&json!({"all": true}));
    assert_eq!(answer(request).await.status, 200);
    let call = world.auth.log_out.last();
    assert!(call.metadata("authorization").starts_with("Bearer "));
    assert_eq!(call.message, logout("", true));
    assert_eq!(answer(world.request_as_user("POST", "/api/logout/")).await.status, 200, "no body");

    let asked = world.auth.log_out.calls().len();
    let nobody = world.post("/api/logout/", &json!({})).await;
    assert_eq!(nobody.says(), (401, "not_authenticated".to_owned()));
    for wrong in [json!({"refresh": 7}), json!({"refresh": "r", "all": "perhaps"})] {
        let refused = world.post("/api/logout/", &wrong).await;
        assert_eq!(refused.says(), (400, "invalid".to_owned()), "{wrong}");
    }
    assert_eq!(world.auth.log_out.calls().len(), asked);
}

#[tokio::test]
async fn a_password_is_changed_and_an_account_deleted_in_the_callers_name() {
    let world = World::start().await;
    let ask = |method: &str, path: &str, body: Value| {
        answer(world.request_as_user(method, path).json(&body))
    };
    let body = json!({"current_password": " old one ", "new_password": " new one "});
    let changed = ask("POST", "/api/change-password/", body).await;
    let tokens = json!({"access": "an-access", "refresh": "a-refresh"});
    assert_eq!((changed.status, changed.json()), (200, tokens));
    let (current_password, new_password) = (" old one ".to_owned(), " new one ".to_owned());
    let expected = ChangePasswordRequest { current_password, new_password };
    assert_eq!(world.auth.change_password.last().message, expected, "never trimmed");

    let gone = ask("DELETE", "/api/account/", json!({"password": "mine"})).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    let expected = DeleteAccountRequest { password: "mine".to_owned() };
    assert_eq!(world.auth.delete_account.last().message, expected);
    let nothing = ask("DELETE", "/api/account/", json!({})).await;
    assert_eq!(nothing.json()["password"], json!(["This field is required."]));
    let account = world.get("/api/account/").await.json();
    let created_at = "2027-01-15T08:00:00.000000Z";
    assert_eq!(account, json!({"id": 7, "username": "ada", "created_at": created_at}));
    for (method, path) in
        [("POST", "/api/change-password/"), ("GET", "/api/account/"), ("DELETE", "/api/account")]
    {
        let nobody = answer(world.request(method, path).json(&json!({"password": "x"}))).await;
        assert_eq!(nobody.says(), (401, "not_authenticated".to_owned()), "{method} {path}");
    }
}
