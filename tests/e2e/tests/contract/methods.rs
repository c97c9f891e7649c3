//! Methods that are not the one of a path.

use super::answers::NOT_ALLOWED;
use super::cases::{Case, Difference, EMPTY, because};
use super::stage::Stage;

const fn refused(name: &'static str, method: &'static str, path: &'static str) -> Case {
    Case::new(name, method, path).answered(405, NOT_ALLOWED).with(method)
}

const fn to_register(name: &'static str, method: &'static str) -> Case {
    refused(name, method, "/api/register/").answer_headers(POST)
}

const fn to_send(name: &'static str, method: &'static str) -> Case {
    refused(name, method, "/api/send-message/").authorization(BOB).answer_headers(POST)
}

const BOB: &str = "Bearer <access:bob>";
const POST: &[(&str, &str)] = &[("allow", "POST")];
const GET: &[(&str, &str)] = &[("allow", "GET,HEAD")];

pub(super) const SAME: &[Case] = &[
    to_register("register/method-GET", "GET"),
    to_register("register/method-PUT", "PUT"),
    to_register("register/method-PATCH", "PATCH"),
    to_register("register/method-DELETE", "DELETE"),
    to_register("register/method-HEAD", "HEAD").answered(405, EMPTY),
    to_register("register/method-TRACE", "TRACE"),
    to_register("register/method-FOO", "FOO"),
    to_register("register/method-override", "GET").headers(&[("X-HTTP-Method-Override", "POST")]),
    refused("login/method-GET", "GET", "/api/login/").answer_headers(POST),
    refused("login/method-PUT", "PUT", "/api/login/").json("{}").answer_headers(POST),
    refused("refresh/method-GET", "GET", "/api/refresh/").answer_headers(POST),
    to_send("send/method-GET", "GET"),
    to_send("send/method-PUT", "PUT"),
    to_send("send/method-PATCH", "PATCH"),
    to_send("send/method-DELETE", "DELETE"),
    refused("send/method-GET-no-auth", "GET", "/api/send-message/").answer_headers(POST),
    refused("get/method-POST", "POST", "/api/get-messages/")
        .authorization(BOB)
        .json(r#"{"session_id": 2}"#)
        .answer_headers(GET),
    refused("get/method-DELETE", "DELETE", "/api/get-messages/")
        .authorization(BOB)
        .answer_headers(GET),
];

pub(super) const DIFFERENT: &[Difference] = &[because(
    "HEAD is GET without the body (RFC 9110): here GET without a session, a 400",
    &[Case::new("get/method-HEAD", "HEAD", "/api/get-messages/")
        .authorization(BOB)
        .answered(400, EMPTY)],
)];

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("bob", "battery staple").await;
    stage.judge(SAME, DIFFERENT).await;
}
