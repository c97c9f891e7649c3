//! What a service says is wrong, and what the API makes of it: every row of the table.

use std::time::Duration;

use chassis::status::Failure;
use proto::{auth, chat};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::answer::Answer;
use super::world::{World, answer};

/// One answer of the API, to the letter.
struct Expected {
    status: u16,
    code: &'static str,
    detail: &'static str,
    /// The keys beside the three that every error has.
    beside: Value,
    /// Empty for none.
    retry_after: &'static str,
}

const REQUEST_ID: &str = "the-tables-own";
/// What services say to each other is not for everybody's eyes.
const INSIDE: &str = "canary: SELECT * FROM account";
/// Told by the service, and what becomes of it: whole seconds.
const TOLD: (Duration, &str) = (Duration::from_millis(7_200), "8");

fn expected(status: u16, code: &'static str, detail: &'static str) -> Expected {
    Expected { status, code, detail, beside: json!({}), retry_after: "" }
}

impl Expected {
    fn also_as_error(self) -> Self {
        Self { beside: json!({"error": self.detail}), ..self }
    }

    fn retry_after(self, retry_after: &'static str) -> Self {
        Self { retry_after, ..self }
    }

    fn is(&self, answer: &Answer, case: &str) {
        let mut body = self.beside.clone();
        body["detail"] = json!(self.detail);
        body["code"] = json!(self.code);
        body["request_id"] = json!(REQUEST_ID);
        assert_eq!((answer.status, answer.json()), (self.status, body), "{case}");
        assert_eq!(answer.header("retry-after"), self.retry_after, "{case}");
        let challenge = if self.status == 401 { "Bearer realm=\"api\"" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge, "{case}");
        assert_eq!(answer.header("content-type"), "application/json", "{case}");
    }
}

fn invalid_field() -> Expected {
    let detail = "username: Too wonderful.";
    let beside = json!({"username": ["Too wonderful."]});
    Expected { beside, ..expected(400, "invalid", detail) }
}

fn token_refused(detail: &'static str) -> Expected {
    expected(401, "token_not_valid", detail)
}

fn access_refused(why: &str) -> Expected {
    let message = json!({"token_class": "AccessToken", "token_type": "access", "message": why});
    let beside = json!({"messages": [message]});
    Expected { beside, ..token_refused("Given token not valid for any token type") }
}

fn no_active_account(detail: &'static str) -> Expected {
    expected(401, "no_active_account", detail)
}

fn overloaded(retry_after: &'static str) -> Expected {
    let detail = "We are very busy at the moment. Please try again shortly.";
    expected(503, "overloaded", detail).retry_after(retry_after)
}

fn unavailable() -> Expected {
    let detail = "Part of the service cannot be reached at the moment. Please try again shortly.";
    expected(503, "unavailable", detail).retry_after("2")
}

fn timeout() -> Expected {
    let detail = "This took too long. Please try again shortly.";
    expected(504, "timeout", detail).retry_after("5")
}

fn internal() -> Expected {
    expected(500, "internal", "Something went wrong on our side.")
}

const INVALID: &str = "Token is invalid or expired";
const NO_USER: &str = "Token contained no recognizable user identification";

/// What becomes of a reason of the auth service that tells `wait`.
fn of_auth(reason: auth::v1::ErrorReason, wait: &'static str) -> Expected {
    use auth::v1::ErrorReason as Reason;
    match reason {
        Reason::UsernameInvalid | Reason::PasswordInvalid => invalid_field(),
        Reason::UsernameTaken => {
            expected(400, "username_taken", "Username already taken").also_as_error()
        }
        Reason::InvalidCredentials => {
            no_active_account("No active account found with the given credentials")
        }
        Reason::AccountUnavailable => {
            no_active_account("No active account found for the given token.")
        }
        Reason::TokenMissing | Reason::TokenInvalid | Reason::TokenWithoutExpiry => {
            token_refused(INVALID)
        }
        Reason::TokenWrongType => token_refused("Token has wrong type"),
        Reason::TokenWithoutId => token_refused("Token has no id"),
        Reason::TokenWithoutType => token_refused("Token has no type"),
        Reason::TokenWithoutUser => token_refused(NO_USER),
        Reason::Overloaded => overloaded(wait),
        Reason::Internal | Reason::Unspecified => internal(),
    }
}

/// What becomes of a reason of the chat service that tells `wait`.
fn of_chat(reason: chat::v1::ErrorReason, wait: &'static str) -> Expected {
    use chat::v1::ErrorReason as Reason;
    match reason {
        Reason::TokenMissing => {
            expected(401, "not_authenticated", "User must be logged in.").also_as_error()
        }
        Reason::TokenMalformed => expected(
            401,
            "bad_authorization_header",
            "Authorization header must contain two space-delimited values",
        ),
        Reason::TokenInvalid => access_refused(INVALID),
        Reason::TokenWrongType => access_refused("Token has wrong type"),
        Reason::TokenWithoutExpiry => access_refused("Token has no 'exp' claim"),
        Reason::TokenWithoutId => access_refused("Token has no id"),
        Reason::TokenWithoutType => access_refused("Token has no type"),
        Reason::TokenWithoutUser => token_refused(NO_USER),
        Reason::KeysUnavailable => unavailable(),
        Reason::TextRequired => {
            expected(400, "text_required", "Message text is required.").also_as_error()
        }
        Reason::TextTooLong | Reason::PageInvalid => invalid_field(),
        Reason::SessionNotFound => {
            expected(404, "session_not_found", "Session not found or not owned by user.")
                .also_as_error()
        }
        Reason::ModelUnavailable => expected(
            503,
            "model_unavailable",
            "Your message is saved, but the buddy cannot answer at the moment. Please try again \
             shortly.",
        )
        .retry_after(wait),
        Reason::ModelTimeout => expected(
            504,
            "model_timeout",
            "Your message is saved, but the buddy took too long to answer. Please try again \
             shortly.",
        )
        .retry_after(wait),
        Reason::Overloaded => overloaded(wait),
        Reason::Internal | Reason::Unspecified => internal(),
    }
}

/// A status with a reason. Its code says nothing: the reason alone decides.
fn failure(domain: &str, reason: &str, retry_after: Option<Duration>) -> Status {
    let field = Some(("username", "Too wonderful."));
    Failure { code: Code::DataLoss, domain, reason, message: INSIDE, retry_after, field }.into()
}

/// What the API answers when the auth service says `status`.
async fn when_auth_says(world: &World, status: Status) -> Answer {
    world.auth.log_in.answers(move |_| Err(status.clone()));
    let body = json!({"username": "ada", "password": "a good long one"});
    let request = world.request("POST", "/api/login/").json(&body);
    answer(request.header("x-request-id", REQUEST_ID)).await
}

/// What the API answers when the chat service says `status`, whether to a message or to a list.
async fn when_chat_says(world: &World, status: Status) -> Answer {
    let sending = status.clone();
    world.chat.send.answers(move |_| Err(sending.clone()));
    world.chat.list.answers(move |_| Err(status.clone()));
    let send = world.request_as_user("POST", "/api/send-message/").json(&json!({"text": "hi"}));
    let list = world.request_as_user("GET", "/api/get-messages/?session_id=1");
    let sent = answer(send.header("x-request-id", REQUEST_ID)).await;
    let listed = answer(list.header("x-request-id", REQUEST_ID)).await;
    assert_eq!((sent.status, &sent.text), (listed.status, &listed.text));
    listed
}

#[tokio::test]
async fn every_reason_of_the_auth_service_has_its_answer() {
    let world = World::start().await;
    let reasons: Vec<_> =
        (0..256).filter_map(|n| auth::v1::ErrorReason::try_from(n).ok()).collect();
    assert_eq!(reasons.len(), 15);
    for reason in reasons {
        for (told, wait) in [(Some(TOLD.0), TOLD.1), (None, "5")] {
            let status = failure(auth::DOMAIN, reason.as_reason(), told);
            of_auth(reason, wait).is(&when_auth_says(&world, status).await, reason.as_reason());
        }
    }
}

#[tokio::test]
async fn every_reason_of_the_chat_service_has_its_answer() {
    let world = World::start().await;
    let reasons: Vec<_> =
        (0..256).filter_map(|n| chat::v1::ErrorReason::try_from(n).ok()).collect();
    assert_eq!(reasons.len(), 18);
    for reason in reasons {
        for (told, wait) in [(Some(TOLD.0), TOLD.1), (None, "5")] {
            let status = failure(chat::DOMAIN, reason.as_reason(), told);
            of_chat(reason, wait).is(&when_chat_says(&world, status).await, reason.as_reason());
        }
    }
}

#[tokio::test]
async fn a_wrong_field_that_is_not_named_is_our_fault() {
    let world = World::start().await;
    let unnamed = |domain, reason| -> Status {
        let (code, message) = (Code::InvalidArgument, INSIDE);
        Failure { code, domain, reason, message, retry_after: None, field: None }.into()
    };
    for reason in ["USERNAME_INVALID", "PASSWORD_INVALID"] {
        let answer = when_auth_says(&world, unnamed(auth::DOMAIN, reason)).await;
        internal().is(&answer, reason);
    }
    for reason in ["TEXT_TOO_LONG", "PAGE_INVALID"] {
        let answer = when_chat_says(&world, unnamed(chat::DOMAIN, reason)).await;
        internal().is(&answer, reason);
    }
}

/// All codes but OK, with which nothing fails.
fn codes() -> impl Iterator<Item = Code> {
    (1..17).map(Code::from_i32)
}

fn of_code(code: Code) -> Expected {
    match code {
        Code::Unavailable | Code::Unknown | Code::ResourceExhausted => unavailable(),
        Code::DeadlineExceeded | Code::Cancelled => timeout(),
        _ => internal(),
    }
}

#[tokio::test]
async fn without_a_reason_the_code_decides() {
    let world = World::start().await;
    for code in codes() {
        let case = format!("{code:?}");
        of_code(code).is(&when_auth_says(&world, Status::new(code, INSIDE)).await, &case);
        of_code(code).is(&when_chat_says(&world, Status::new(code, INSIDE)).await, &case);
    }
}

#[tokio::test]
async fn a_reason_that_is_not_known_counts_as_none() {
    let world = World::start().await;
    let foreign = [
        (auth::DOMAIN, "FROM_A_LATER_VERSION"),
        (chat::DOMAIN, "USERNAME_TAKEN"),
        ("proxy.example", "OVERLOADED"),
        (auth::DOMAIN, "ERROR_REASON_OVERLOADED"),
    ];
    for (domain, reason) in foreign {
        for code in codes() {
            let (message, retry_after) = (INSIDE, Some(TOLD.0));
            let status = Failure { code, domain, reason, message, retry_after, field: None }.into();
            let case = format!("{domain} {reason} {code:?}");
            of_code(code).is(&when_auth_says(&world, status).await, &case);
        }
    }
}
