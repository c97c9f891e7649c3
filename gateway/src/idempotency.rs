//! `Idempotency-Key`: a request that may be sent again without being done again.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::error::ApiError;

/// What makes a request the same as an earlier one.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is about something an earlier request did.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// As the services say it.
const MAX_LENGTH: usize = 255;

/// The key of a request as the services take it; empty if it has none.
pub(crate) struct Key(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(String::new())) };
        // Who sends an empty one believes to be safe, and would not be.
        let length_fits = (1..=MAX_LENGTH).contains(&value.len());
        let is_visible = value.as_bytes().iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(key) if length_fits && is_visible && values.next().is_none() => {
                Ok(Self(key.to_owned()))
            }
            _ => Err(ApiError::idempotency_key_invalid()),
        }
    }
}

/// Marks the answer to a request that was done before.
pub(crate) fn mark(response: &mut Response, replayed: bool) {
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
}
