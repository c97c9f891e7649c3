//! What the API answers when something is wrong: one shape, one table.
//!
//! Every body has `detail` (a sentence), `code` (stable, for programs) and `request_id`. Beside
//! them stand the keys that existing clients know: `error` with the same words, arrays under the
//! names of fields, `messages` for refused tokens.

mod reasons;
mod refusals;

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::help::Help;
use crate::limits::Limit;
use crate::views::Safety;

/// An answer that is not a success. `render` writes it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// `snake_case`, stable.
    pub(crate) code: &'static str,
    /// A sentence for people.
    pub(crate) detail: Cow<'static, str>,
    /// Keys of the shapes that existing clients know.
    pub(crate) extra: Map<String, Value>,
    /// For 429, 503 and 504: when to come back.
    pub(crate) retry_after: Option<Duration>,
    /// For 429: what was used up.
    pub(crate) limit: Option<Box<Limit>>,
    /// Somebody's words were refused without being looked at.
    is_unread: bool,
    /// Help where the person is, if whoever noticed something knows that.
    near: Option<Box<Help>>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, extra) = (detail.into(), Map::new());
        let (retry_after, limit, is_unread, near) = (None, None, false, None);
        Self { status, code, detail, extra, retry_after, limit, is_unread, near }
    }

    /// When to come back, in whole seconds, and never "at once".
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let delay = self.retry_after?;
        Some((delay.as_secs() + u64::from(delay.subsec_nanos() > 0)).max(1))
    }

    /// The same words under `error`, where the original said it there.
    fn also_as_error(mut self) -> Self {
        self.extra.insert("error".to_owned(), json!(self.detail));
        self
    }

    fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The turn that a message which has no reply belongs to.
    pub(crate) fn about_turn(mut self, turn_id: i64, session_id: i64) -> Self {
        self.extra.insert("turn_id".to_owned(), json!(turn_id));
        self.extra.insert("session_id".to_owned(), json!(session_id));
        self
    }

    fn unread(mut self) -> Self {
        self.is_unread = true;
        self
    }

    /// What was noticed before it went wrong, unless the error knows that itself.
    pub(crate) fn with_safety(mut self, safety: Option<Safety>) -> Self {
        if let Some(safety) = safety
            && self.near.is_none()
        {
            self.near = Some(Box::new(Help::from(&safety)));
            self.extra.insert("safety".to_owned(), json!(safety));
        }
        self
    }

    /// Help, if the error leaves somebody's words without an answer: for where the person is known to
    /// be, or else this.
    pub(crate) fn with_help(mut self, help: Help) -> Self {
        let unheard = [StatusCode::TOO_MANY_REQUESTS, StatusCode::PAYLOAD_TOO_LARGE];
        if self.is_unread || self.status.is_server_error() || unheard.contains(&self.status) {
            let help = self.near.take().map_or(help, |near| *near);
            self.extra.insert("help".to_owned(), json!(help));
        }
        self
    }

    // What a client sent.

    pub(crate) fn fields_required() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "fields_required", "All fields are required")
            .also_as_error()
    }

    pub(crate) fn text_required() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "text_required", "Message text is required.")
            .also_as_error()
    }

    /// Fields and what is wrong with each.
    pub(crate) fn invalid_fields(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "invalid", "Some fields are not valid.");
        for (name, problem) in fields {
            error.detail = format!("{name}: {problem}").into();
            error.extra.insert(name, json!([problem]));
        }
        if error.extra.len() > 1 {
            error.detail = "Some fields are not valid.".into();
        }
        error
    }

    pub(crate) fn invalid_field(name: &str, problem: &str) -> Self {
        Self::invalid_fields([(name.to_owned(), problem.to_owned())])
    }

    /// A body that is JSON, but not an object.
    pub(crate) fn not_an_object(kind: Option<&str>) -> Self {
        Self::invalid_field(
            "non_field_errors",
            &kind.map_or_else(
                || "No data provided".to_owned(),
                |kind| format!("Invalid data. Expected a dictionary, but got {kind}."),
            ),
        )
    }

    /// `what` must not quote the body.
    pub(crate) fn parse_error(what: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parse_error", what)
    }

    pub(crate) fn unsupported_media_type(found: &str) -> Self {
        let detail = format!("Unsupported media type \"{found}\" in request.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    pub(crate) fn not_acceptable() -> Self {
        let detail = "Could not satisfy the request Accept header.";
        Self::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    }

    pub(crate) fn method_not_allowed(method: &http::Method) -> Self {
        let detail = format!("Method \"{method}\" not allowed.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(crate) fn too_large() -> Self {
        let detail = "The request body is larger than 256 KiB.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    pub(crate) fn body_timeout() -> Self {
        let detail = "The request body did not arrive in time.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    // Who is calling.

    pub(crate) fn not_authenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", "User must be logged in.")
            .also_as_error()
    }

    pub(crate) fn bad_authorization_header() -> Self {
        let detail = "Authorization header must contain two space-delimited values";
        Self::new(StatusCode::UNAUTHORIZED, "bad_authorization_header", detail)
    }

    /// A refused access token, and why, in the words existing clients know.
    pub(crate) fn access_refused(why: &'static str) -> Self {
        let mut error = Self::token_refused("Given token not valid for any token type");
        let message = json!({"token_class": "AccessToken", "token_type": "access", "message": why});
        error.extra.insert("messages".to_owned(), json!([message]));
        error
    }

    pub(crate) fn token_refused(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token_not_valid", detail)
    }

    pub(crate) fn no_active_account(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_active_account", detail)
    }

    // What became of it.

    pub(crate) fn username_taken() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "username_taken", "Username already taken")
            .also_as_error()
    }

    pub(crate) fn session_not_found() -> Self {
        let detail = "Session not found or not owned by user.";
        Self::new(StatusCode::NOT_FOUND, "session_not_found", detail).also_as_error()
    }

    pub(crate) fn turn_not_found() -> Self {
        let detail = "Turn not found or not owned by user.";
        Self::new(StatusCode::NOT_FOUND, "turn_not_found", detail)
    }

    pub(crate) fn message_not_found() -> Self {
        let detail = "Message not found or not owned by user.";
        Self::new(StatusCode::NOT_FOUND, "message_not_found", detail)
    }

    pub(crate) fn overloaded(delay: Duration) -> Self {
        let detail = "We are very busy at the moment. Please try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).with_retry_after(delay)
    }

    pub(crate) fn unavailable() -> Self {
        let detail =
            "Part of the service cannot be reached at the moment. Please try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_retry_after(Duration::from_secs(2))
    }

    /// For what was asked of a gateway that stops before it has an answer, or knows what became of it.
    pub(crate) fn stopping() -> Self {
        let detail =
            "The service is being restarted. Before you send this again, look whether it is there.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_retry_after(Duration::from_secs(5))
    }

    pub(crate) fn timeout() -> Self {
        let detail = "This took too long. Please try again shortly.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
            .with_retry_after(Duration::from_secs(5))
    }

    pub(crate) fn internal() -> Self {
        let detail = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// For answers that a library gave without words of ours.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ if status.is_client_error() => {
                let detail = status.canonical_reason().unwrap_or("The request is not valid.");
                Self::new(status, "bad_request", detail)
            }
            _ => Self::internal(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
