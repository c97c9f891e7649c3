//! `register/`: what may be the name of an account.
//!
//! Where the original's case has `x` for a password, ours has `<pw>`: eight characters at least.

use super::answers::{ACCOUNT, FIELDS_REQUIRED, PARSE_ERROR, TAKEN};
use super::cases::{Case, Difference, because};
use super::stage::Stage;

const fn json(name: &'static str, body: &'static str, status: u16, answer: &'static str) -> Case {
    Case::post(name, "/api/register/").json(body).answered(status, answer)
}

const NAME: &str = r#"{"username": ["$*"], "code": "invalid"}"#;

const CHARACTERS: &str = "Enter a valid username. It may contain only";
const TOO_MANY: &str = "Ensure this field has no more than 150 characters.";
const NO_TEXT: &str = "Not a valid string.";

const fn account(name: &'static str, body: &'static str, username: &'static str) -> Case {
    json(name, body, 201, ACCOUNT).with(username)
}

const fn bad_name(name: &'static str, body: &'static str, why: &'static str) -> Case {
    json(name, body, 400, NAME).with(why)
}

const fn incomplete(name: &'static str, body: &'static str) -> Case {
    json(name, body, 400, FIELDS_REQUIRED)
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
        "half of a surrogate pair is no character: the original fails with 500",
        &[json(
            "register/username-lone-surrogate",
            r#"{"username":"sur\ud83dx","password":"x"}"#,
            400,
            PARSE_ERROR,
        )],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn names_are_judged_as_recorded() {
    Stage::open().await.judge(SAME, DIFFERENT).await;
}
