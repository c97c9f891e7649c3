//! Why there is no reply, and why a request is not taken on.

use std::time::Duration;

use http::StatusCode;

use super::ApiError;
use crate::limits::Limit;

impl ApiError {
    // A request that may be repeated.

    pub(crate) fn idempotency_key_invalid() -> Self {
        let detail = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters.";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", detail)
    }

    pub(crate) fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key came before, with another request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
    }

    // What a person has had enough of, for now.

    pub(crate) fn session_busy(delay: Duration) -> Self {
        let detail =
            "Your earlier messages still wait for their answers. This one is not saved yet.";
        Self::limited("session_busy", detail, delay)
    }

    pub(crate) fn too_many_turns(delay: Duration) -> Self {
        let detail = "Replies to you are being written already. This message is not saved yet.";
        Self::limited("too_many_turns", detail, delay)
    }

    pub(crate) fn daily_limit(delay: Duration) -> Self {
        let detail = "That was all we can answer for today. This message is not saved: keep it, and go \
                      on tomorrow. Everything before it is kept.";
        Self::limited("daily_limit", detail, delay)
    }

    /// Too many tries for an account or from an address, in the words that existing clients know.
    pub(crate) fn too_many_tries(delay: Duration) -> Self {
        let seconds = (delay.as_secs() + u64::from(delay.subsec_nanos() > 0)).max(1);
        let detail = format!("Request was throttled. Expected available in {seconds} seconds.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", detail).with_retry_after(delay)
    }

    fn limited(code: &'static str, detail: &'static str, delay: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).with_retry_after(delay)
    }

    pub(super) fn with_limit(mut self, limit: Option<Limit>) -> Self {
        self.limit = limit.map(Box::new);
        self
    }

    // Why there is no reply.

    pub(crate) fn model_unavailable(delay: Duration) -> Self {
        let detail = "Your message is saved, but the buddy cannot answer at the moment. Please try \
                      again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "model_unavailable", detail)
            .with_retry_after(delay)
    }

    pub(crate) fn model_timeout(delay: Duration) -> Self {
        let detail = "Your message is saved, but the buddy took too long to answer. Please try again \
                      shortly.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "model_timeout", detail).with_retry_after(delay)
    }

    pub(crate) fn reply_pending(delay: Duration) -> Self {
        let detail = "Your message is saved and will be answered after those before it. Read the \
                      conversation again shortly.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "reply_pending", detail).with_retry_after(delay)
    }

    pub(crate) fn interrupted(delay: Duration) -> Self {
        let detail = "The service is being restarted; the reply goes on. Reconnect to read it.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "interrupted", detail).with_retry_after(delay)
    }

    pub(crate) fn cancelled() -> Self {
        let detail = "The reply was stopped before its first word.";
        Self::new(StatusCode::CONFLICT, "cancelled", detail)
    }

    pub(crate) fn nothing_to_retry() -> Self {
        let detail = "There is nothing to try again: this turn has not failed.";
        Self::new(StatusCode::CONFLICT, "nothing_to_retry", detail)
    }

    pub(crate) fn given_up() -> Self {
        let detail = "Your message is saved, but something goes wrong on our side whenever we try to \
                      answer it.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "given_up", detail)
    }
}
