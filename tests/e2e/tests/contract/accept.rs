//! What a client says it can read, and tokens where none is needed.

use super::answers::{ACCESS_REFUSED, ACCOUNT, FIELDS_REQUIRED, NOT_ALLOWED};
use super::cases::{ABSENT, Case, Difference, because};
use super::send_tokens::forge;
use super::stage::Stage;

const fn register(name: &'static str, body: &'static str) -> Case {
    Case::post(name, "/api/register/").json(body)
}

/// A form that is not filled in.
const fn empty(name: &'static str, path: &'static str) -> Case {
    Case::post(name, path).json("{}").answered(400, FIELDS_REQUIRED)
}

const fn refused(case: Case, authorization: &'static str) -> Case {
    case.authorization(authorization)
        .answered(401, ACCESS_REFUSED)
        .with("Token is invalid or expired")
}

pub(super) const SAME: &[Case] = &[
    empty("register/accept-xml", "/api/register/")
        .headers(&[("Accept", "application/xml")])
        .answered(406, r#"{"detail": "Could not satisfy the request Accept header."}"#),
    empty("register/accept-none", "/api/register/").headers(&[("Accept", ABSENT)]),
    empty("register/accept-indent", "/api/register/")
        .headers(&[("Accept", "application/json; indent=4")]),
    empty("register/format-json", "/api/register/?format=json"),
    refused(
        register("register/with-garbage-bearer", r#"{"username": "gb", "password": "<pw>"}"#),
        "Bearer garbage",
    ),
    register("register/with-valid-bearer", r#"{"username": "vb", "password": "<pw>"}"#)
        .authorization("Bearer <access:alice>")
        .answered(201, ACCOUNT)
        .with("vb"),
    register("register/with-other-scheme", r#"{"username": "os", "password": "<pw>"}"#)
        .authorization("Basic YTpi")
        .answered(201, ACCOUNT)
        .with("os"),
    refused(Case::get("get/garbage-bearer", "/api/get-messages/?session_id=2"), "Bearer garbage"),
    refused(
        Case::get("get/expired-bearer", "/api/get-messages/?session_id=2"),
        "Bearer <expired-access>",
    ),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "there are no pages here: who asks for HTML gets the JSON",
        &[
            register("register/accept-html", r#"{"username": "", "password": ""}"#)
                .headers(&[("Accept", "text/html")])
                .answered(400, FIELDS_REQUIRED),
            Case::get("register/accept-html-get", "/api/register/")
                .headers(&[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
                .answered(405, NOT_ALLOWED)
                .with("GET"),
            Case::get("login/accept-html-get", "/api/login/")
                .headers(&[("Accept", "text/html")])
                .answered(405, NOT_ALLOWED)
                .with("GET"),
        ],
    ),
    because(
        "`format` means nothing: there is one format",
        &[
            empty("register/format-xml", "/api/register/?format=xml"),
            empty("register/format-api", "/api/register/?format=api"),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_minded_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    forge(&mut stage);
    stage.judge(SAME, DIFFERENT).await;
}
