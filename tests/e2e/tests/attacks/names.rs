//! Names of accounts that look like others, cannot be seen, or ask for more than a name.

use e2e::Answer;
use futures_util::future::join_all;
use serde_json::json;

use super::Scene;
use crate::contract::tokens::claims;

const PASSWORD: &str = "a fine password";

/// A02
#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_a_name_again_changes_nothing_of_the_account() {
    let scene = Scene::open().await;
    let enter = async |path: &str, name: &str, password: &str| {
        let body = json!({"username": name, "password": password});
        scene.product.post(path, &body).await
    };
    for name in ["ada", "Ada", "\u{ff21}DA"] {
        for password in [PASSWORD, scene.ada.password.as_str()] {
            let again = enter("/api/register/", name, password).await;
            assert_eq!(again.says(), (400, "username_taken".to_owned()), "{name}: {}", again.text);
            assert!(!again.text.contains("eyJ"), "a token: {}", again.text);
        }
    }
    assert_eq!(enter("/api/login/", "ada", PASSWORD).await.status, 401);
    assert_eq!(enter("/api/login/", "ada", &scene.ada.password).await.status, 200);
    assert_eq!(scene.ada.get("/api/account/").await.json()["id"], scene.ada.id);
    scene.ends_unharmed().await;
}

/// A04
#[tokio::test(flavor = "multi_thread")]
async fn fifty_spellings_of_one_name_at_once_become_one_account() {
    let scene = Scene::open().await;
    let composed = "zo\u{eb}";
    let spellings =
        [composed, "zoe\u{308}", "ZO\u{cb}", "ZOE\u{308}", "\u{ff5a}\u{ff4f}\u{eb}", "Zo\u{eb}"];
    let tries = (0..50).map(|number| {
        let body = json!({"username": spellings[number % spellings.len()], "password": PASSWORD});
        let product = &scene.product;
        async move { product.post("/api/register/", &body).await }
    });
    let mut made = 0;
    for answer in join_all(tries).await {
        match answer.status {
            201 => made += 1,
            400 => assert_eq!(answer.json()["error"], "Username already taken"),
            other => assert_eq!(other, 503, "{}", answer.text),
        }
    }
    assert_eq!(made, 1);
    scene.ends_unharmed().await;
}

/// A05
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_hides_something_is_refused_and_not_repeated() {
    let scene = Scene::open().await;
    for hidden in [
        "\u{202e}",
        "\u{200b}",
        "\u{200d}",
        "\u{ad}",
        "\u{feff}",
        "\u{2066}",
        "\u{fe0f}",
        "\u{e0061}",
        "\0",
        "\r\n",
        "\n",
        "\t",
        "\u{85}",
        "\u{2028}",
        "\u{a0}",
        " ",
        "\u{7f}",
        "\u{1b}[31m",
    ] {
        for name in
            [format!("can{hidden}ary"), format!("{hidden}canary"), format!("canary{hidden}")]
        {
            let body = json!({"username": name, "password": PASSWORD});
            let answer = scene.product.post("/api/register/", &body).await;
            assert_eq!(answer.says(), (400, "invalid".to_owned()), "{name:?}: {}", answer.text);
            assert!(!answer.text.contains("ary"), "{}", answer.text);
        }
    }
    let half = r#"{"username": "can\ud800ary", "password": "a fine password"}"#;
    let (long, endless) = ("n".repeat(151), "n".repeat(1_000_000));
    let [long, endless] =
        [long, endless].map(|name| json!({"username": name, "password": PASSWORD}).to_string());
    for (body, status) in [(half, 400), (&long, 400), (&endless, 413)] {
        let request = scene.product.request("POST", "/api/register/").body(body.to_owned());
        let answer = Answer::to(request.header("content-type", "application/json")).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    scene.ends_unharmed().await;
}

/// A07
#[tokio::test(flavor = "multi_thread")]
async fn ordinary_names_that_look_alike_are_all_welcome() {
    let scene = Scene::open().await;
    for name in ["user1", "userl", "user0", "usero", "rnary", "mary"] {
        scene.product.register(name).await;
    }
    scene.ends_unharmed().await;
}

/// A08
#[tokio::test(flavor = "multi_thread")]
async fn nobody_chooses_a_number_or_a_rank_by_asking_for_it() {
    let scene = Scene::open().await;
    let body = json!({
        "username": "climber", "password": PASSWORD, "id": scene.ada.id, "user_id": scene.ada.id,
        "is_staff": true, "is_superuser": true, "is_active": false, "token_version": -1, "tv": -1,
        "created_at": "1970-01-01T00:00:00Z", "replayed": true, "request_id": "another",
    });
    let answer = scene.product.post("/api/register/", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let reply = answer.json();
    assert!(reply["user"]["id"].as_i64() > Some(scene.ada.id), "{reply}");
    let claims = claims(reply["token"].as_str().unwrap()).unwrap();
    assert_eq!((&claims["user_id"], &claims["tv"]), (&reply["user"]["id"], &json!(0)));
    let staff = claims.as_object().unwrap().keys().any(|name| name.contains("staff"));
    assert!(!staff, "{claims}");
    scene.ends_unharmed().await;
}
