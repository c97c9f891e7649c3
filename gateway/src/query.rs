//! Query strings. Of a name that comes twice, the last counts; an empty value is as good as none.

use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::ApiError;
use crate::ids;

/// What stands after the question mark.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// A value, if there is one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev().filter(|(found, _)| found == name);
        values.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The number of a session or a message.
    pub(crate) fn id(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let id = self.text(name).map(ids::of_text).transpose();
        id.map_err(|_| ids::invalid(name))
    }

    /// How many, within limits.
    pub(crate) fn count(
        &self,
        name: &str,
        allowed: RangeInclusive<i32>,
    ) -> Result<Option<i32>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let count = text.parse().ok().filter(|count| allowed.contains(count));
        count.map(Some).ok_or_else(|| {
            let (least, most) = allowed.into_inner();
            let problem = format!("A whole number from {least} to {most} is required.");
            ApiError::invalid_field(name, &problem)
        })
    }

    /// Whether the one word is there that may be there.
    pub(crate) fn says(&self, name: &str, word: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None => Ok(false),
            Some(text) if text == word => Ok(true),
            Some(_) => Err(ApiError::invalid_field(name, &format!("\"{word}\" or nothing."))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let values = form_urlencoded::parse(query.as_bytes());
        Ok(Self(values.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }
}
