//! `send-message/`: which session is meant.

use super::answers::{NO_SESSION, PARSE_ERROR};
use super::cases::{Case, Difference, FORM, because};
use super::send::{bob, replied, with_a_session_of_alices};

const fn unknown(name: &'static str, body: &'static str) -> Case {
    bob(name, body).answered(404, NO_SESSION)
}

const fn refused(name: &'static str, body: &'static str) -> Case {
    bob(name, body).answered(400, NO_NUMBER)
}

const NO_NUMBER: &str =
    r#"{"session_id": ["A valid integer above zero is required."], "code": "invalid"}"#;

pub(super) const SAME: &[Case] = &[
    replied(bob("send/session-own-int", r#"{"text": "hi", "session_id": 2}"#)),
    replied(bob("send/session-own-string", r#"{"text": "hi", "session_id": "2"}"#)),
    replied(bob("send/session-own-float-whole", r#"{"text": "hi", "session_id": 2.0}"#)),
    unknown("send/session-other-user", r#"{"text": "hi", "session_id": 1}"#),
    unknown("send/session-nonexistent", r#"{"text": "hi", "session_id": 999999}"#),
    replied(bob("send/session-empty-string", r#"{"text": "hi", "session_id": ""}"#)),
    replied(bob("send/session-null", r#"{"text": "hi", "session_id": null}"#)),
    unknown("send/session-huge-2^63", r#"{"text": "hi", "session_id": 9223372036854775808}"#),
    unknown("send/session-huge-2^64", r#"{"text": "hi", "session_id": 18446744073709551616}"#),
    unknown("send/session-huge-1e30", r#"{"text": "hi", "session_id": 1<0*30>}"#),
    unknown("send/session-huge-string", r#"{"text": "hi", "session_id": "<9*30>"}"#),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "a number in a text is decimal digits: the original reads it as Python does",
        &[
            refused("send/session-own-string-padded", r#"{"text": "hi", "session_id": " 2 "}"#),
            refused("send/session-own-string-underscore", r#"{"text": "hi", "session_id": "0_2"}"#),
            refused("send/session-own-string-plus", r#"{"text": "hi", "session_id": "+2"}"#),
            refused(
                "send/session-own-string-arabic-digits",
                r#"{"text": "hi", "session_id": "\u0662"}"#,
            ),
        ],
    ),
    because(
        "half a session is none: the original rounds down",
        &[refused("send/session-own-float-fraction", r#"{"text": "hi", "session_id": 2.5}"#)],
    ),
    because(
        "no session can have such a number: the original looks for it",
        &[
            refused("send/session-negative", r#"{"text": "hi", "session_id": -1}"#),
            refused("send/session-string-zero", r#"{"text": "hi", "session_id": "0"}"#),
            refused("send/session-true", r#"{"text": "hi", "session_id": true}"#),
        ],
    ),
    because(
        "only absent, null and empty mean the latest session: the original takes whatever is falsy",
        &[
            refused("send/session-zero", r#"{"text": "hi", "session_id": 0}"#),
            refused("send/session-false", r#"{"text": "hi", "session_id": false}"#),
            refused("send/session-empty-list", r#"{"text": "hi", "session_id": []}"#),
            refused("send/session-empty-dict", r#"{"text": "hi", "session_id": {}}"#),
        ],
    ),
    because(
        "what is no number is refused: the original fails with 500",
        &[
            refused("send/session-word", r#"{"text": "hi", "session_id": "abc"}"#),
            refused("send/session-float-string", r#"{"text": "hi", "session_id": "1.5"}"#),
            refused("send/session-list", r#"{"text": "hi", "session_id": [2]}"#),
            refused("send/session-dict", r#"{"text": "hi", "session_id": {"id": 1}}"#),
            refused("send/session-null-byte", r#"{"text": "hi", "session_id": "1\u0000"}"#),
            bob("send/session-form-word", "")
                .content(FORM, "text=hi&session_id=abc")
                .answered(400, NO_NUMBER),
            bob("send/session-float-1e400", r#"{"text":"hi","session_id":1e400}"#)
                .answered(400, PARSE_ERROR),
            bob("send/session-lone-surrogate", r#"{"text":"hi","session_id":"\ud83d"}"#)
                .answered(400, PARSE_ERROR),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_found_as_recorded() {
    let stage = with_a_session_of_alices().await;
    let first = replied(bob("", r#"{"text": "hello"}"#));
    stage.judge(&[first], &[]).await;
    stage.judge(SAME, DIFFERENT).await;
}
