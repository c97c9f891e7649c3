//! `login/`.
//!
//! Where the original's accounts have short passwords, ours have `<pw>`.

use e2e::{Process, Product};

use super::answers::{NO_ACCOUNT, NO_DATA, NO_OBJECT, PARSE_ERROR, TOKENS, TOO_LARGE, UNSUPPORTED};
use super::cases::{Case, Difference, FORM, JSON, MULTIPART, because};
use super::stage::Stage;

const fn content(name: &'static str, media_type: &'static str, body: &'static str) -> Case {
    Case::post(name, "/api/login/").content(media_type, body)
}

const fn json(name: &'static str, body: &'static str, status: u16, answer: &'static str) -> Case {
    content(name, JSON, body).answered(status, answer)
}

const fn wrong(name: &'static str, body: &'static str) -> Case {
    json(name, body, 401, NO_ACCOUNT)
}

const NAME: &str = r#"{"username": ["$"]}"#;
const PASSWORD: &str = r#"{"password": ["$"]}"#;
const BOTH: &str = r#"{"username": ["$"], "password": ["$"]}"#;

const MISSING: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NO_TEXT: &str = "Not a valid string.";

const ALICE: &str = r#"{"username": "alice", "password": "correct horse"}"#;
const ALICE_IN_PARTS: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n--BOUND\r\n\
    Content-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse\r\n--BOUND--\r\n";

pub(super) const SAME: &[Case] = &[
    json("login/ok", ALICE, 200, TOKENS).with("alice"),
    wrong("login/wrong-password", r#"{"username": "alice", "password": "nope"}"#),
    wrong("login/unknown-user", r#"{"username": "nobody", "password": "nope"}"#),
    wrong("login/other-case", r#"{"username": "Alice", "password": "correct horse"}"#),
    json("login/missing-username", r#"{"password": "x"}"#, 400, NAME).with(MISSING),
    json("login/missing-password", r#"{"username": "alice"}"#, 400, PASSWORD).with(MISSING),
    json("login/empty-object", "{}", 400, BOTH).with(MISSING),
    json("login/blank-both", r#"{"username": "", "password": ""}"#, 400, BOTH).with(BLANK),
    json("login/blank-spaces", r#"{"username": "   ", "password": "   "}"#, 400, BOTH).with(BLANK),
    json("login/null-both", r#"{"username": null, "password": null}"#, 400, BOTH)
        .with("This field may not be null."),
    json("login/username-int", r#"{"username": 123, "password": "<pw>"}"#, 200, TOKENS).with("123"),
    json("login/username-true", r#"{"username": true, "password": "x"}"#, 400, NAME).with(NO_TEXT),
    json("login/username-list", r#"{"username": ["a"], "password": "x"}"#, 400, NAME).with(NO_TEXT),
    json("login/password-dict", r#"{"username": "alice", "password": {}}"#, 400, PASSWORD)
        .with(NO_TEXT),
    json(
        "login/username-padded-is-trimmed",
        r#"{"username": "  alice  ", "password": "correct horse"}"#,
        200,
        TOKENS,
    )
    .with("alice"),
    wrong("login/password-padded-trimmed", r#"{"username": "padpw", "password": "secret"}"#),
    json(
        "login/password-only-spaces-account",
        r#"{"username": "spacepw", "password": "   "}"#,
        400,
        PASSWORD,
    )
    .with(BLANK),
    json(
        "login/username-null-byte",
        r#"{"username": "nul\u0000byte", "password": "x"}"#,
        400,
        NAME,
    )
    .with("Null characters are not allowed."),
    json(
        "login/username-unicode-nfd",
        r#"{"username": "e\u0301mile", "password": "<pw>"}"#,
        200,
        TOKENS,
    )
    .with("e\u{301}mile"),
    json(
        "login/extra-fields",
        r#"{"username": "alice", "password": "correct horse", "x": 1}"#,
        200,
        TOKENS,
    )
    .with("alice"),
    content("login/form", FORM, "username=alice&password=correct+horse")
        .answered(200, TOKENS)
        .with("alice"),
    content("login/multipart", MULTIPART, ALICE_IN_PARTS).answered(200, TOKENS).with("alice"),
    json("login/invalid-json", "{", 400, PARSE_ERROR),
    json("login/empty-body-json", "", 400, BOTH).with(MISSING),
    json("login/json-array", "[]", 400, NO_OBJECT).with("list"),
    json("login/json-string", r#""a""#, 400, NO_OBJECT).with("str"),
    json("login/json-null", "null", 400, NO_DATA),
    content("login/content-type-text", "text/plain", ALICE)
        .answered(415, UNSUPPORTED)
        .with("text/plain"),
    json("login/with-garbage-bearer", ALICE, 200, TOKENS)
        .with("alice")
        .authorization("Bearer garbage"),
    wrong("login/inactive-user", r#"{"username": "inactive", "password": "correct horse"}"#),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "passwords are never trimmed: the original's account can never be logged in to",
        &[json(
            "login/password-padded-registered-so",
            r#"{"username": "padpw", "password": " secret "}"#,
            200,
            TOKENS,
        )
        .with("padpw")],
    ),
    because(
        "half of a surrogate pair is no JSON text",
        &[
            json(
                "login/username-lone-surrogate",
                r#"{"username":"sur\ud83dx","password":"x"}"#,
                400,
                PARSE_ERROR,
            ),
            json(
                "login/password-lone-surrogate",
                r#"{"username":"alice","password":"\ud83d"}"#,
                400,
                PARSE_ERROR,
            ),
        ],
    ),
    because(
        "nobody can have such a name or such a password here",
        &[
            wrong("login/long-username", r#"{"username": "<a*300>", "password": "x"}"#),
            wrong("login/long-password", r#"{"username": "longpw", "password": "<p*5000>"}"#),
        ],
    ),
    because(
        "a body has 256 KiB at most",
        &[json(
            "login/password-1MB",
            r#"{"username": "longpw1m", "password": "<p*1000000>"}"#,
            413,
            TOO_LARGE,
        )],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn logging_in_is_answered_as_recorded() {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("inactive", "correct horse").await;
    stage.meet("padpw", " secret ").await;
    for name in ["123", "e\u{301}mile"] {
        let password = stage.word("pw").to_owned();
        stage.meet(name, &password).await;
    }
    deactivate(stage.product(), "inactive").await;
    stage.judge(SAME, DIFFERENT).await;
}

/// As an operator does it, while the product runs: nobody can do that through the API.
pub(super) async fn deactivate(product: &Product, name: &str) {
    let data = product.data().display().to_string();
    let settings = [("AI_BUDDY_DATA", data.as_str())];
    let mut command = Process::command("ai-buddy", &["users", "deactivate", name], &settings);
    command.ends_well().await;
}
