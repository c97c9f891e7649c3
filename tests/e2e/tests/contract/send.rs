//! `send-message/`: the text, and how it may be written.

use super::answers::{NO_DATA, NO_OBJECT, NO_SESSION, PARSE_ERROR, REPLY, TOO_LARGE, UNSUPPORTED};
use super::cases::{Case, Difference, FORM, JSON, MULTIPART, because};
use super::stage::Stage;

/// Bob says something.
pub(super) const fn bob(name: &'static str, body: &'static str) -> Case {
    said(name, JSON, body)
}

const fn said(name: &'static str, media_type: &'static str, body: &'static str) -> Case {
    Case::post(name, "/api/send-message/")
        .content(media_type, body)
        .authorization("Bearer <access:bob>")
}

/// In Bob's session: Alice has the first.
pub(super) const fn replied(case: Case) -> Case {
    case.answered(201, REPLY).with("2")
}

/// The text is missing.
const fn no_text(case: Case) -> Case {
    case.answered(400, r#"{"error": "Message text is required.", "code": "text_required"}"#)
}

const fn not_a_text(case: Case) -> Case {
    case.answered(400, r#"{"text": ["Not a valid string."], "code": "invalid"}"#)
}

const fn broken(case: Case) -> Case {
    case.answered(400, PARSE_ERROR)
}

const TEXT_AND_SESSION: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"text\"\r\n\r\nhi mp\r\n--BOUND\r\n\
    Content-Disposition: form-data; name=\"session_id\"\r\n\r\n2\r\n--BOUND--\r\n";
const FILE: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"text\"; filename=\"t.txt\"\r\n\
    Content-Type: text/plain\r\n\r\nfile content\r\n--BOUND--\r\n";

pub(super) const SAME: &[Case] = &[
    no_text(bob("send/missing-text", "{}")),
    no_text(bob("send/blank-text", r#"{"text": ""}"#)),
    no_text(bob("send/null-text", r#"{"text": null}"#)),
    no_text(bob("send/text-zero", r#"{"text": 0}"#)),
    no_text(bob("send/text-false", r#"{"text": false}"#)),
    no_text(bob("send/text-empty-list", r#"{"text": []}"#)),
    broken(bob("send/invalid-json", "{")),
    no_text(bob("send/empty-body-json", "")),
    said("send/content-type-text", "text/plain", "hi")
        .answered(415, UNSUPPORTED)
        .with("text/plain"),
    bob("send/session-of-none-yet", r#"{"text": "hi", "session_id": 1}"#).answered(404, NO_SESSION),
    replied(bob("send/ok-first-creates-session", r#"{"text": "hello"}"#)),
    replied(bob("send/ok-second-uses-latest", r#"{"text": "hello again"}"#)),
    replied(said("send/ok-form", FORM, "text=hi+form")),
    replied(said("send/ok-form-with-session", FORM, "text=hi+form&session_id=2")),
    replied(said("send/ok-multipart", MULTIPART, TEXT_AND_SESSION)),
    replied(said("send/multipart-file-as-text", MULTIPART, FILE)),
    replied(bob("send/text-unicode", r#"{"text": "h\u00e9llo \ud83d\ude00 \u4f60\u597d \u202e"}"#)),
    replied(bob("send/text-html", r#"{"text": "<script>alert(1)</script>"}"#)),
    replied(bob("send/text-null-byte", r#"{"text": "a\u0000b"}"#)),
    replied(bob("send/extra-fields", r#"{"text": "hi", "sender": "AI", "user": 1}"#)),
    // The words made the recorder's model tell the roles it was sent.
    replied(bob("send/prompt-injection-role", r#"{"text": "MOCK:echo"}"#)),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because("blanks say nothing", &[no_text(bob("send/text-only-spaces", r#"{"text": "   "}"#))]),
    because(
        "a text is a text",
        &[
            not_a_text(bob("send/text-int", r#"{"text": 42}"#)),
            not_a_text(bob("send/text-float", r#"{"text": 1.5}"#)),
            not_a_text(bob("send/text-true", r#"{"text": true}"#)),
            not_a_text(bob("send/text-list", r#"{"text": ["a", 1]}"#)),
            not_a_text(bob("send/text-dict", r#"{"text": {"a": 1}}"#)),
        ],
    ),
    because(
        "half of a surrogate pair is no character: the original fails with 500",
        &[broken(bob("send/text-lone-surrogate", r#"{"text":"a\ud83db"}"#))],
    ),
    because(
        "a body has 256 KiB at most",
        &[
            bob("send/text-1MB", r#"{"text": "<word *200000>"}"#).answered(413, TOO_LARGE),
            bob("send/text-3MB", r#"{"text": "<word *600000>"}"#).answered(413, TOO_LARGE),
        ],
    ),
    because(
        "what is no object is refused as login/ does: the original fails with 500",
        &[
            bob("send/json-array", "[]").answered(400, NO_OBJECT).with("list"),
            bob("send/json-string", r#""hi""#).answered(400, NO_OBJECT).with("str"),
            bob("send/json-null", "null").answered(400, NO_DATA),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_taken_as_recorded() {
    let stage = with_a_session_of_alices().await;
    stage.judge(SAME, DIFFERENT).await;
}

/// Alice has the first session, and Bob none yet.
pub(super) async fn with_a_session_of_alices() -> Stage {
    let mut stage = Stage::open().await;
    stage.meet("alice", "correct horse").await;
    stage.meet("bob", "battery staple").await;
    let hello = Case::post("", "/api/send-message/").json(r#"{"text": "hello"}"#);
    let answer = stage.ask(&hello.authorization("Bearer <access:alice>")).await;
    assert_eq!(answer.json()["session_id"], 1);
    stage
}
