//! `refresh/`.

use super::answers::{NO_OBJECT, PARSE_ERROR, TOKEN_REFUSED};
use super::cases::{Case, Difference, FORM, JSON, because};
use super::login::deactivate;
use super::stage::Stage;
use super::tokens::{Draft, Key};

const fn json(name: &'static str, body: &'static str, status: u16, answer: &'static str) -> Case {
    Case::post(name, "/api/refresh/").content(JSON, body).answered(status, answer)
}

const fn refused(name: &'static str, body: &'static str) -> Case {
    json(name, body, 401, TOKEN_REFUSED).with("Token is invalid or expired")
}

const fn field(name: &'static str, body: &'static str, problem: &'static str) -> Case {
    json(name, body, 400, r#"{"refresh": ["$"]}"#).with(problem)
}

const ACCESS: &str = r#"{"access": "<access of $>"}"#;

const ALICE: &str = r#"{"refresh": "<refresh:alice>"}"#;

pub(super) const SAME: &[Case] = &[
    json("refresh/ok", ALICE, 200, ACCESS).with("alice"),
    json("refresh/ok-again-same-token", ALICE, 200, ACCESS).with("alice"),
    refused("refresh/garbage", r#"{"refresh": "garbage"}"#),
    refused("refresh/three-parts-garbage", r#"{"refresh": "a.b.c"}"#),
    json("refresh/padded", r#"{"refresh": "  <refresh:alice>  "}"#, 200, ACCESS).with("alice"),
    json("refresh/access-as-refresh", r#"{"refresh": "<access:alice>"}"#, 401, TOKEN_REFUSED)
        .with("Token has wrong type"),
    field("refresh/missing", "{}", "This field is required."),
    field("refresh/blank", r#"{"refresh": ""}"#, "This field may not be blank."),
    field("refresh/null", r#"{"refresh": null}"#, "This field may not be null."),
    refused("refresh/int", r#"{"refresh": 5}"#),
    field("refresh/list", r#"{"refresh": ["a"]}"#, "Not a valid string."),
    field("refresh/null-byte", r#"{"refresh": "a\u0000"}"#, "Null characters are not allowed."),
    refused("refresh/non-ascii", r#"{"refresh": "\u00e9.\u00e9.\u00e9"}"#),
    Case::post("refresh/form", "/api/refresh/")
        .content(FORM, "refresh=<refresh:alice>")
        .answered(200, ACCESS)
        .with("alice"),
    json("refresh/invalid-json", "{", 400, PARSE_ERROR),
    json("refresh/json-array", "[]", 400, NO_OBJECT).with("list"),
    field("refresh/empty-body-json", "", "This field is required."),
    json("refresh/with-garbage-bearer", ALICE, 200, ACCESS)
        .with("alice")
        .authorization("Bearer garbage"),
];

/// With tokens that no login gives.
pub(super) const SAME_FORGED: &[Case] = &[
    refused("refresh/expired", r#"{"refresh": "<expired-refresh>"}"#),
    refused("refresh/wrong-key", r#"{"refresh": "<wrong-key-refresh>"}"#),
    refused("refresh/alg-none", r#"{"refresh": "<alg-none-refresh>"}"#),
    refused("refresh/hs512-same-key", r#"{"refresh": "<hs512-refresh>"}"#),
    json("refresh/no-jti", r#"{"refresh": "<no-jti-refresh>"}"#, 401, TOKEN_REFUSED)
        .with("Token has no id"),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "a token is for somebody: the original passes the gap on to the access token",
        &[json("refresh/no-user-id", r#"{"refresh": "<no-user-refresh>"}"#, 401, TOKEN_REFUSED)
            .with("Token contained no recognizable user identification")],
    ),
    because(
        "a token ends with its account: the original goes on for seven days",
        &[
            json("refresh/user-never-existed", r#"{"refresh": "<ghost-refresh>"}"#, 401, GONE),
            json("refresh/inactive-user", r#"{"refresh": "<refresh:inactive>"}"#, 401, GONE),
        ],
    ),
    because(
        "half of a surrogate pair is no JSON text",
        &[json("refresh/lone-surrogate", r#"{"refresh":"\ud83d"}"#, 400, PARSE_ERROR)],
    ),
];

const GONE: &str =
    r#"{"detail": "No active account found for the given token.", "code": "no_active_account"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_is_answered_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("inactive", "correct horse").await;
    deactivate(stage.product(), "inactive").await;
    forge(&mut stage);
    stage.judge(SAME, &[]).await;
    // Otherwise every refusal below could be for the wrong reason: our signature.
    let resigned = json("a token signed here", r#"{"refresh": "<resigned-refresh>"}"#, 200, ACCESS);
    stage.judge(&[resigned.with("alice")], &[]).await;
    stage.judge(SAME_FORGED, DIFFERENT).await;
}

fn forge(stage: &mut Stage) {
    let key = Key::refresh(stage.product());
    let alice = Draft::of(stage.word("refresh:alice"));
    let week = 7 * 24 * 3600;
    for (word, token) in [
        ("resigned-refresh", alice.signed(&key)),
        ("expired-refresh", alice.clone().later(&["iat", "nbf", "exp"], -week - 1).signed(&key)),
        ("wrong-key-refresh", alice.signed(&key.another())),
        ("alg-none-refresh", alice.clone().alg("none").signed(&Key::None)),
        ("hs512-refresh", alice.clone().alg("HS512").signed(&key.as_hs512())),
        ("no-jti-refresh", alice.clone().without("jti").signed(&key)),
        ("no-user-refresh", alice.clone().without("user_id").signed(&key)),
        ("ghost-refresh", alice.speaking_for(999_999).signed(&key)),
    ] {
        stage.learn(word, &token);
    }
}
