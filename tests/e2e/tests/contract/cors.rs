//! Pages of other origins: what browsers ask before they let one call, and what they read after.

use super::answers::{NO_ACCOUNT, NO_OBJECT, NOBODY, NOT_FOUND};
use super::cases::{ABSENT, Case, Difference, EMPTY, because};
use super::stage::Stage;

const fn preflight(name: &'static str, path: &'static str) -> Case {
    Case::new(name, "OPTIONS", path)
        .headers(&[PAGE, ("Access-Control-Request-Method", "POST"), HEADERS])
        .answered(200, EMPTY)
        .answer_headers(PERMITTED)
}

const fn options(name: &'static str, path: &'static str) -> Case {
    Case::new(name, "OPTIONS", path).answered(200, EMPTY)
}

const fn login(name: &'static str) -> Case {
    let body = r#"{"username": "alice", "password": "nope"}"#;
    Case::post(name, "/api/login/").json(body).answered(401, NO_ACCOUNT)
}

const PAGE: (&str, &str) = ("Origin", "http://localhost:3000");
const HEADERS: (&str, &str) = ("Access-Control-Request-Headers", "authorization,content-type");
const PERMITTED: &[(&str, &str)] = &[("access-control-allow-origin", "http://localhost:3000")];
const NOT_PERMITTED: &[(&str, &str)] = &[("access-control-allow-origin", ABSENT)];

pub(super) const SAME: &[Case] = &[
    preflight("cors/preflight-register", "/api/register/"),
    preflight("cors/preflight-login", "/api/login/"),
    preflight("cors/preflight-refresh", "/api/refresh/"),
    preflight("cors/preflight-send", "/api/send-message/"),
    preflight("cors/preflight-get", "/api/get-messages/"),
    preflight("cors/preflight-unknown-path", "/api/nope/"),
    preflight("cors/preflight-no-slash", "/api/send-message"),
    preflight("cors/preflight-private-network", "/api/send-message/").headers(&[
        PAGE,
        ("Access-Control-Request-Method", "POST"),
        HEADERS,
        ("Access-Control-Request-Private-Network", "true"),
    ]),
    preflight("cors/preflight-garbage-bearer", "/api/send-message/")
        .authorization("Bearer garbage"),
];

/// The answer is no, and the page may read it.
pub(super) const SAME_REFUSED: &[Case] = &[
    login("cors/simple-login").headers(&[PAGE]).answer_headers(PERMITTED),
    Case::post("cors/simple-send-401", "/api/send-message/")
        .json(r#"{"text": "hello"}"#)
        .headers(&[PAGE])
        .answered(401, NOBODY)
        .answer_headers(PERMITTED),
    login("csrf/no-csrf-needed-with-cookie").headers(&[("Cookie", "sessionid=x; csrftoken=y")]),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "pages of this machine may call, others may not: the original lets everybody",
        &[
            preflight("cors/preflight-null-origin", "/api/send-message/")
                .headers(&[("Origin", "null"), ("Access-Control-Request-Method", "POST"), HEADERS])
                .answer_headers(NOT_PERMITTED),
            login("cors/bad-origin")
                .headers(&[("Origin", "not a url")])
                .answer_headers(NOT_PERMITTED),
        ],
    ),
    because(
        "OPTIONS is for browsers: no description of the API, and no token to judge",
        &[
            options("options/register", "/api/register/"),
            options("options/login", "/api/login/"),
            options("options/refresh", "/api/refresh/"),
            options("options/send", "/api/send-message/"),
            options("options/get", "/api/get-messages/"),
            options("options/garbage-bearer", "/api/send-message/").authorization("Bearer garbage"),
            options("cors/preflight-no-acrm", "/api/send-message/")
                .headers(&[PAGE])
                .answer_headers(PERMITTED),
            options("cors/preflight-no-acrm-auth", "/api/send-message/")
                .headers(&[PAGE])
                .authorization("Bearer <access:bob>")
                .answer_headers(PERMITTED),
        ],
    ),
    because(
        "errors are JSON: the original answers with pages",
        &[
            Case::get("cors/simple-404", "/api/nope/")
                .headers(&[PAGE])
                .answered(404, NOT_FOUND)
                .answer_headers(PERMITTED),
            Case::post("cors/simple-500", "/api/register/")
                .json("[]")
                .headers(&[PAGE])
                .answered(400, NO_OBJECT)
                .with("list")
                .answer_headers(PERMITTED),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_answered_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("bob", "battery staple").await;
    stage.judge(SAME, &[]).await;
    stage.judge(SAME_REFUSED, DIFFERENT).await;
}
