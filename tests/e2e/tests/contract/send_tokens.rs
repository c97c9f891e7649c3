//! `send-message/`: who is speaking.

use std::time::Duration;

use serde_json::json;

use super::answers::{ACCESS_REFUSED, NOBODY, REPLY, TOKEN_REFUSED};
use super::cases::{Case, Difference, because};
use super::login::deactivate;
use super::stage::Stage;
use super::tokens::{Draft, Key, swapped, tampered};

/// Much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(20);

const HELLO: &str = r#"{"text": "hello"}"#;

const fn anonymous(name: &'static str) -> Case {
    Case::post(name, "/api/send-message/").json(HELLO).answered(401, NOBODY)
}

const fn by(name: &'static str, authorization: &'static str) -> Case {
    anonymous(name).authorization(authorization)
}

const fn invalid(name: &'static str, authorization: &'static str) -> Case {
    refused(name, authorization, "Token is invalid or expired")
}

const fn refused(name: &'static str, authorization: &'static str, why: &'static str) -> Case {
    by(name, authorization).answered(401, ACCESS_REFUSED).with(why)
}

const fn heard(name: &'static str, authorization: &'static str, session: &'static str) -> Case {
    by(name, authorization).answered(201, REPLY).with(session)
}

const BAD_HEADER: &str = r#"{
    "detail": "Authorization header must contain two space-delimited values",
    "code": "bad_authorization_header"
}"#;
const NO_USER: &str = "Token contained no recognizable user identification";

pub(super) const SAME: &[Case] = &[
    anonymous("send/no-auth"),
    anonymous("send/no-auth-invalid-json").json("{"),
    Case::post("send/no-auth-no-body", "/api/send-message/")
        .headers(&[("Content-Length", "0")])
        .answered(401, NOBODY),
    by("send/auth-empty", ""),
    by("send/auth-bearer-only", "Bearer").answered(401, BAD_HEADER),
    invalid("send/auth-garbage", "Bearer garbage"),
    invalid("send/auth-garbage-invalid-json", "Bearer garbage").json("{"),
    invalid("send/auth-three-parts-garbage", "Bearer a.b.c"),
    by("send/auth-with-space", "Bearer a b").answered(401, BAD_HEADER),
    by("send/auth-token-scheme", "Token <access:alice>"),
    by("send/auth-jwt-scheme", "JWT <access:alice>"),
    by("send/auth-basic", "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ=="),
    invalid("send/auth-non-ascii", "Bearer <byte:e9><byte:e9>"),
    heard("send/auth-double-space", "Bearer  <access:alice>", "1"),
    invalid("send/auth-expired-access", "Bearer <expired-access>"),
    refused("send/auth-refresh-alice", "Bearer <refresh:alice>", "Token has wrong type"),
    invalid("send/auth-wrong-key-access", "Bearer <wrong-key-access>"),
    invalid("send/auth-tampered-access", "Bearer <tampered-access>"),
    invalid("send/auth-payload-swapped-access", "Bearer <payload-swapped-access>"),
    invalid("send/auth-alg-none-access", "Bearer <alg-none-access>"),
    invalid("send/auth-hs512-access", "Bearer <hs512-access>"),
    refused("send/auth-no-exp-access", "Bearer <no-exp-access>", "Token has no 'exp' claim"),
    refused("send/auth-no-jti-access", "Bearer <no-jti-access>", "Token has no id"),
    refused("send/auth-no-type-access", "Bearer <no-type-access>", "Token has no type"),
    by("send/auth-no-user-access", "Bearer <no-user-access>")
        .answered(401, TOKEN_REFUSED)
        .with(NO_USER),
    invalid("send/auth-future-iat-access", "Bearer <future-iat-access>"),
    invalid("send/auth-nbf-future-access", "Bearer <nbf-future-access>"),
    Case::post("send/token-in-query", "/api/send-message/?token=x")
        .json(HELLO)
        .answered(401, NOBODY),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "the scheme counts in any letter case (RFC 9110)",
        &[
            heard("send/auth-lowercase-scheme", "bearer <access:alice>", "1"),
            heard("send/auth-uppercase-scheme", "BEARER <access:alice>", "1"),
        ],
    ),
    because(
        "a token of ours has every claim, in its one shape, and our audience",
        &[
            invalid("send/auth-no-iat-access", "Bearer <no-iat-access>"),
            invalid("send/auth-string-user-access", "Bearer <string-user-access>"),
            invalid("send/auth-word-user-access", "Bearer <word-user-access>"),
            invalid("send/auth-float-user-access", "Bearer <float-user-access>"),
            by("send/auth-null-user-access", "Bearer <null-user-access>")
                .answered(401, TOKEN_REFUSED)
                .with(NO_USER),
            invalid("send/auth-aud-access", "Bearer <aud-access>"),
            invalid("send/auth-exp-string-access", "Bearer <exp-string-access>"),
        ],
    ),
    because(
        "no access token lives longer than half an hour",
        &[invalid("send/auth-long-lived-access", "Bearer <long-lived-access>")],
    ),
    because(
        "access tokens are checked without asking for the account; one that never was ended none",
        &[heard("send/auth-ghost-access", "Bearer <ghost-access>", "2")],
    ),
    because(
        "the tokens of an account that is shut out have ended, like any that have",
        &[invalid("send/auth-inactive-access", "Bearer <access:inactive>")],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_judged_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("inactive", "correct horse").await;
    deactivate(stage.product(), "inactive").await;
    ended(&stage, "access:inactive").await;
    forge(&mut stage);
    // Otherwise every refusal could be for the wrong reason: our signature.
    stage.judge(&[heard("a token signed here", "Bearer <resigned-access>", "1")], &[]).await;
    stage.judge(SAME, DIFFERENT).await;
}

/// Waits until everybody knows that a token has ended.
async fn ended(stage: &Stage, word: &str) {
    let ended = async {
        let request = || stage.product().request("GET", "/api/sessions/");
        let asked = || request().bearer_auth(stage.word(word)).send();
        while asked().await.unwrap().status() != 401 {}
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
}

/// Makes the tokens that no login gives.
pub(super) fn forge(stage: &mut Stage) {
    let key = Key::access(stage.product());
    let real = stage.word("access:alice").to_owned();
    let alice = Draft::of(&real);
    let (half_an_hour, year) = (1800, 365 * 24 * 3600);
    for (word, token) in [
        ("resigned", alice.signed(&key)),
        ("expired", alice.clone().later(&["iat", "nbf", "exp"], -half_an_hour - 1).signed(&key)),
        ("wrong-key", alice.signed(&key.another())),
        ("tampered", tampered(&real)),
        ("payload-swapped", swapped(&real, &alice.clone().speaking_for(2))),
        ("alg-none", alice.clone().alg("none").signed(&Key::None)),
        ("hs512", alice.clone().alg("HS512").signed(&key.as_hs512())),
        ("no-exp", alice.clone().without("exp").signed(&key)),
        ("no-iat", alice.clone().without("iat").signed(&key)),
        ("no-jti", alice.clone().without("jti").signed(&key)),
        ("no-type", alice.clone().without("token_type").signed(&key)),
        ("no-user", alice.clone().without("user_id").signed(&key)),
        ("string-user", alice.clone().with("user_id", json!("1")).signed(&key)),
        ("word-user", alice.clone().with("user_id", json!("abc")).signed(&key)),
        ("null-user", alice.clone().with("user_id", json!(null)).signed(&key)),
        ("float-user", alice.clone().with("user_id", json!(1.0)).signed(&key)),
        ("ghost", alice.clone().speaking_for(999_999).signed(&key)),
        ("future-iat", alice.clone().later(&["iat", "exp"], 3600).signed(&key)),
        ("nbf-future", alice.clone().later(&["nbf"], 600).signed(&key)),
        ("long-lived", alice.clone().later(&["exp"], year).signed(&key)),
        ("aud", alice.clone().with("aud", json!("somebody else")).signed(&key)),
        ("exp-string", alice.clone().with("exp", json!("4000000000")).signed(&key)),
    ] {
        stage.learn(&format!("{word}-access"), &token);
    }
}
