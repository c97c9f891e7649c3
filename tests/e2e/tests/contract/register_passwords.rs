//! `register/`: what may be the password of an account.

use super::answers::{ACCOUNT, PARSE_ERROR, TOO_LARGE};
use super::cases::{Case, Difference, because};
use super::stage::Stage;

const fn json(name: &'static str, body: &'static str, status: u16, answer: &'static str) -> Case {
    Case::post(name, "/api/register/").json(body).answered(status, answer)
}

const fn refused(name: &'static str, body: &'static str, why: &'static str) -> Case {
    json(name, body, 400, r#"{"password": ["$*"], "code": "invalid"}"#).with(why)
}

const NO_TEXT: &str = "Not a valid string.";

pub(super) const SAME: &[Case] = &[json(
    "register/password-padded",
    r#"{"username": "padpw", "password": " secret "}"#,
    201,
    ACCOUNT,
)
.with("padpw")];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "a password is a text: the original fails with 500",
        &[
            refused(
                "register/password-int",
                r#"{"username": "x2", "password": 12345678}"#,
                NO_TEXT,
            ),
            refused("register/password-true", r#"{"username": "x3", "password": true}"#, NO_TEXT),
            refused("register/password-list", r#"{"username": "x4", "password": ["a"]}"#, NO_TEXT),
            refused(
                "register/password-dict",
                r#"{"username": "x5", "password": {"a": "b"}}"#,
                NO_TEXT,
            ),
        ],
    ),
    because(
        "half of a surrogate pair is no character: the original fails with 500",
        &[json(
            "register/password-lone-surrogate",
            r#"{"username":"surpw","password":"a\ud83d"}"#,
            400,
            PARSE_ERROR,
        )],
    ),
    because(
        "a password has 8 to 256 characters, is not blank and not among the most common",
        &[
            refused(
                "register/password-null-byte",
                r#"{"username": "nulpw", "password": "a\u0000b"}"#,
                "Null characters are not allowed.",
            ),
            refused(
                "register/password-one-char",
                r#"{"username": "weak1", "password": "1"}"#,
                "This password is too short.",
            ),
            refused(
                "register/password-common",
                r#"{"username": "weak2", "password": "password"}"#,
                "This password is too easy to guess.",
            ),
            refused(
                "register/password-same-as-username",
                r#"{"username": "weak3", "password": "weak3"}"#,
                "This password is too short.",
            ),
            refused(
                "register/password-only-spaces",
                r#"{"username": "spacepw", "password": "   "}"#,
                "This field may not be blank.",
            ),
            refused(
                "register/password-5000",
                r#"{"username": "longpw", "password": "<p*5000>"}"#,
                "This password is too long.",
            ),
        ],
    ),
    because(
        "a body has 256 KiB at most",
        &[
            json(
                "register/password-1MB",
                r#"{"username": "longpw1m", "password": "<p*1000000>"}"#,
                413,
                TOO_LARGE,
            ),
            json(
                "register/password-3MB",
                r#"{"username": "longpw3m", "password": "<p*3000000>"}"#,
                413,
                TOO_LARGE,
            ),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_judged_as_recorded() {
    Stage::open().await.judge(SAME, DIFFERENT).await;
}
