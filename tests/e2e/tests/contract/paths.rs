//! Paths, spelled rightly and wrongly.

use super::answers::{ACCOUNT, FIELDS_REQUIRED, NOT_ALLOWED, NOT_FOUND, REPLY, TOKENS};
use super::cases::{Case, Difference, because};
use super::send::bob;
use super::stage::Stage;

const fn nowhere(name: &'static str, path: &'static str) -> Case {
    Case::get(name, path).answered(404, NOT_FOUND)
}

const fn register(name: &'static str, path: &'static str, body: &'static str) -> Case {
    Case::post(name, path).json(body)
}

pub(super) const SAME: &[Case] =
    &[register("register/query-string", "/api/register/?username=q&password=q", "{}")
        .answered(400, FIELDS_REQUIRED)];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "both spellings of a path answer directly: the original redirects, or fails with 500",
        &[
            register(
                "register/no-trailing-slash",
                "/api/register",
                r#"{"username": "nts", "password": "<pw>"}"#,
            )
            .answered(201, ACCOUNT)
            .with("nts"),
            Case::get("register/no-trailing-slash-get", "/api/register")
                .answered(405, NOT_ALLOWED)
                .with("GET"),
            register(
                "login/no-trailing-slash",
                "/api/login",
                r#"{"username": "alice", "password": "correct horse"}"#,
            )
            .answered(200, TOKENS)
            .with("alice"),
            Case {
                path: "/api/send-message",
                ..bob("send/no-trailing-slash", r#"{"text": "hello"}"#)
            }
            .answered(201, REPLY)
            .with("1"),
        ],
    ),
    because(
        "a path that leads nowhere is 404 as there, but in JSON and not a page",
        &[
            register(
                "register/double-slash",
                "/api//register/",
                r#"{"username": "ds", "password": "<pw>"}"#,
            )
            .answered(404, NOT_FOUND),
            register(
                "register/path-case",
                "/api/Register/",
                r#"{"username": "pc", "password": "<pw>"}"#,
            )
            .answered(404, NOT_FOUND),
            nowhere("path/", "/"),
            nowhere("path/api", "/api"),
            nowhere("path/api/", "/api/"),
            nowhere("path/api/nope/", "/api/nope/"),
            nowhere("path/api/nope", "/api/nope"),
            nowhere("path/favicon.ico", "/favicon.ico"),
            nowhere("path/static/x.css", "/static/x.css"),
            nowhere("path/api/register/extra/", "/api/register/extra/"),
            nowhere("path/api/../admin/", "/api/../admin/"),
            nowhere("path/%00", "/%00"),
            nowhere("path/%ff", "/%ff"),
            nowhere("path/robots.txt", "/robots.txt"),
            nowhere("path/api/register/%0a", "/api/register/%0a"),
            register("path/unknown-POST", "/api/nope/", "{}").answered(404, NOT_FOUND),
        ],
    ),
    because(
        "there is no site for administrators",
        &[
            nowhere("path/admin", "/admin"),
            nowhere("path/admin/", "/admin/"),
            nowhere("path/admin/login/", "/admin/login/"),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_where_they_should() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("bob", "battery staple").await;
    stage.judge(SAME, DIFFERENT).await;
}
