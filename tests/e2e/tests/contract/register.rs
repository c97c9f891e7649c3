//! `register/`: what may be the name and the password of an account.
//!
//! Where the original's case has `x` for a password, ours has `<pw>`: eight characters at least.

use super::cases::{Case, Difference, because};
use super::stage::Stage;

const fn json(name: &'static str, body: &'static str, status: u16, answer: &'static str) -> Case {
    Case::post(name, "/api/register/").json(body).answered(status, answer)
}

/// An account is made, under the name of `fill`.
pub(super) const ACCOUNT: &str =
    r#"{"user": {"id": "*", "username": "$"}, "token": "<access>", "refresh": "<refresh>"}"#;
/// Something is not there.
pub(super) const REQUIRED: &str =
    r#"{"error": "All fields are required", "code": "fields_required"}"#;
/// Somebody has the name.
pub(super) const TAKEN: &str = r#"{"error": "Username already taken", "code": "username_taken"}"#;

const NAME: &str = r#"{"username": ["$*"], "code": "invalid"}"#;
const PASSWORD: &str = r#"{"password": ["$*"], "code": "invalid"}"#;
const PARSE_ERROR: &str = r#"{"detail": "JSON parse error - *", "code": "parse_error"}"#;
const TOO_LARGE: &str = r#"{"detail": "*", "code": "too_large"}"#;

const CHARACTERS: &str = "Enter a valid username. It may contain only";
const TOO_MANY: &str = "Ensure this field has no more than 150 characters.";
const NO_TEXT: &str = "Not a valid string.";

const fn account(name: &'static str, body: &'static str, username: &'static str) -> Case {
    json(name, body, 201, ACCOUNT).with(username)
}

const fn bad_name(name: &'static str, body: &'static str, why: &'static str) -> Case {
    json(name, body, 400, NAME).with(why)
}

const fn bad_password(name: &'static str, body: &'static str, why: &'static str) -> Case {
    json(name, body, 400, PASSWORD).with(why)
}

const fn incomplete(name: &'static str, body: &'static str) -> Case {
    json(name, body, 400, REQUIRED)
}

pub(super) const SAME: &[Case] = &[
    account("register/ok", r#"{"username": "alice", "password": "correct horse"}"#, "alice"),
    account(
        "register/ok-second-user",
        r#"{"username": "bob", "password": "battery staple"}"#,
        "bob",
    ),
    json("register/duplicate", r#"{"username": "alice", "password": "<pw>"}"#, 400, TAKEN),
    incomplete("register/missing-password", r#"{"username": "x1"}"#),
    incomplete("register/missing-username", r#"{"password": "x1"}"#),
    incomplete("register/empty-object", "{}"),
    incomplete("register/blank-both", r#"{"username": "", "password": ""}"#),
    incomplete("register/blank-password", r#"{"username": "x1", "password": ""}"#),
    incomplete("register/null-username", r#"{"username": null, "password": "x"}"#),
    incomplete("register/null-password", r#"{"username": "x1", "password": null}"#),
    incomplete("register/username-zero", r#"{"username": 0, "password": "x"}"#),
    account("register/username-150", r#"{"username": "<a*150>", "password": "<pw>"}"#, "<a*150>"),
    account(
        "register/password-padded",
        r#"{"username": "padpw", "password": " secret "}"#,
        "padpw",
    ),
    account(
        "register/extra-fields-ignored",
        r#"{"username": "extra", "password": "<pw>", "is_staff": true, "is_superuser": true, "id": 999}"#,
        "extra",
    ),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "a name is the same name in another case",
        &[json(
            "register/duplicate-other-case",
            r#"{"username": "ALICE", "password": "<pw>"}"#,
            400,
            TAKEN,
        )],
    ),
    because(
        "a name is composed (NFC): it is the same name however it was typed",
        &[
            account(
                "register/duplicate-unicode-nfd",
                r#"{"username": "e\u0301mile", "password": "<pw>"}"#,
                "\u{e9}mile",
            ),
            json(
                "register/duplicate-unicode-nfc",
                r#"{"username": "\u00e9mile", "password": "<pw>"}"#,
                400,
                TAKEN,
            ),
        ],
    ),
    because(
        "names are letters, digits and @.+-_",
        &[
            bad_name(
                "register/duplicate-padded-with-spaces",
                r#"{"username": " alice ", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-unicode-emoji",
                r#"{"username": "\ud83d\ude00\u4f60\u597d", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-html",
                r#"{"username": "<script>alert(1)</script>", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-slash-quote",
                r#"{"username": "a'b\"c/d\\e;--", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-only-spaces",
                r#"{"username": "   ", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-newline-tab",
                r#"{"username": "a\nb\tc", "password": "x"}"#,
                CHARACTERS,
            ),
            bad_name(
                "register/username-null-byte",
                r#"{"username": "nul\u0000byte", "password": "x"}"#,
                CHARACTERS,
            ),
        ],
    ),
    because(
        "a name is a text; a number is taken for its digits",
        &[
            account("register/username-int", r#"{"username": 123, "password": "<pw>"}"#, "123"),
            account("register/username-float", r#"{"username": 1.5, "password": "<pw>"}"#, "1.5"),
            bad_name("register/username-true", r#"{"username": true, "password": "x"}"#, NO_TEXT),
            bad_name(
                "register/username-list",
                r#"{"username": ["a", "b"], "password": "x"}"#,
                NO_TEXT,
            ),
            bad_name(
                "register/username-dict",
                r#"{"username": {"a": 1}, "password": "x"}"#,
                NO_TEXT,
            ),
        ],
    ),
    because(
        "names have 150 characters at most: the original means to, and never checks",
        &[
            bad_name(
                "register/username-151",
                r#"{"username": "<a*151>", "password": "x"}"#,
                TOO_MANY,
            ),
            bad_name(
                "register/username-300",
                r#"{"username": "<a*300>", "password": "x"}"#,
                TOO_MANY,
            ),
            bad_name(
                "register/username-100000",
                r#"{"username": "<b*100000>", "password": "x"}"#,
                TOO_MANY,
            ),
        ],
    ),
    because(
        "a password is a text: the original fails with 500",
        &[
            bad_password(
                "register/password-int",
                r#"{"username": "x2", "password": 12345678}"#,
                NO_TEXT,
            ),
            bad_password(
                "register/password-true",
                r#"{"username": "x3", "password": true}"#,
                NO_TEXT,
            ),
            bad_password(
                "register/password-list",
                r#"{"username": "x4", "password": ["a"]}"#,
                NO_TEXT,
            ),
            bad_password(
                "register/password-dict",
                r#"{"username": "x5", "password": {"a": "b"}}"#,
                NO_TEXT,
            ),
        ],
    ),
    because(
        "half of a surrogate pair is no character: the original fails with 500",
        &[
            json(
                "register/username-lone-surrogate",
                r#"{"username":"sur\ud83dx","password":"x"}"#,
                400,
                PARSE_ERROR,
            ),
            json(
                "register/password-lone-surrogate",
                r#"{"username":"surpw","password":"a\ud83d"}"#,
                400,
                PARSE_ERROR,
            ),
        ],
    ),
    because(
        "a password has 8 to 256 characters, is not blank and not among the most common",
        &[
            bad_password(
                "register/password-null-byte",
                r#"{"username": "nulpw", "password": "a\u0000b"}"#,
                "Null characters are not allowed.",
            ),
            bad_password(
                "register/password-one-char",
                r#"{"username": "weak1", "password": "1"}"#,
                "This password is too short.",
            ),
            bad_password(
                "register/password-common",
                r#"{"username": "weak2", "password": "password"}"#,
                "This password is too common.",
            ),
            bad_password(
                "register/password-same-as-username",
                r#"{"username": "weak3", "password": "weak3"}"#,
                "This password is too short.",
            ),
            bad_password(
                "register/password-only-spaces",
                r#"{"username": "spacepw", "password": "   "}"#,
                "This field may not be blank.",
            ),
            bad_password(
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
async fn names_and_passwords_are_judged_as_recorded() {
    Stage::open().await.judge(SAME, DIFFERENT).await;
}
