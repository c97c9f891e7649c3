//! Numbers of sessions, turns and messages, as clients write them.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde_json::Value;

use crate::error::ApiError;

/// A number that nothing has: larger than any id we give out.
const NOBODYS: i64 = i64::MAX;
/// 2^63: from here on a number is larger than any id.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Reads the field of a body. `Ok(None)`: nothing is named. `Err`: it is not a number.
pub(crate) fn of_field(value: Option<&Value>) -> Result<Option<i64>, NotANumber> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => of_text(text).map(Some),
        Some(Value::Number(number)) => {
            if let Some(id) = number.as_i64() {
                return if id > 0 { Ok(Some(id)) } else { Err(NotANumber) };
            }
            match number.as_f64() {
                Some(id) if id >= TOO_LARGE => Ok(Some(NOBODYS)),
                // JSON has one kind of number: 2.0 is 2.
                Some(id) if id > 0.0 && id.fract() == 0.0 => of_text(&format!("{id:.0}")).map(Some),
                _ => Err(NotANumber),
            }
        }
        Some(_) => Err(NotANumber),
    }
}

/// Reads decimal digits above zero. More of them than an id can have name nothing, which is not the
/// same as being no number.
pub(crate) fn of_text(text: &str) -> Result<i64, NotANumber> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(NotANumber);
    }
    match text.parse() {
        Ok(0) => Err(NotANumber),
        Ok(id) => Ok(id),
        Err(_) => Ok(NOBODYS),
    }
}

/// It is not a whole number above zero.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotANumber;

/// The answer to a field, or a part of a query, that should be a number and is none.
pub(crate) fn invalid(name: &str) -> ApiError {
    ApiError::invalid_field(name, "A valid integer above zero is required.")
}

/// The session that a path names.
pub(crate) struct SessionId(pub(crate) i64);

/// The turn that a path names.
pub(crate) struct TurnId(pub(crate) i64);

/// The message that a path names.
pub(crate) struct MessageId(pub(crate) i64);

/// The number in a path. What is none names nothing.
async fn of_path<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<i64> {
    let Path(text) = Path::<String>::from_request_parts(parts, state).await.ok()?;
    of_text(&text).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for SessionId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        of_path(parts, state).await.map(Self).ok_or_else(ApiError::session_not_found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TurnId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        of_path(parts, state).await.map(Self).ok_or_else(ApiError::turn_not_found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MessageId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        of_path(parts, state).await.map(Self).ok_or_else(ApiError::message_not_found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_null_and_empty_name_nothing() {
        for none in [None, Some(&json!(null)), Some(&json!(""))] {
            assert_eq!(of_field(none), Ok(None));
        }
    }

    #[test]
    fn whole_numbers_above_zero_name_one() {
        assert_eq!(of_field(Some(&json!(2))), Ok(Some(2)));
        assert_eq!(of_field(Some(&json!("2"))), Ok(Some(2)));
        assert_eq!(of_field(Some(&json!(2.0))), Ok(Some(2)));
        for large in [json!(9_223_372_036_854_775_808_u64), json!(1e30), json!("9".repeat(30))] {
            assert_eq!(of_field(Some(&large)), Ok(Some(i64::MAX)), "{large}");
        }
    }

    #[test]
    fn everything_else_is_not_a_number() {
        for wrong in [
            json!(0),
            json!("0"),
            json!(-1),
            json!(2.5),
            json!("1.5"),
            json!("abc"),
            json!(" 2 "),
            json!("+2"),
            json!("0_2"),
            json!("\u{662}"),
            json!("1\u{0}"),
            json!(true),
            json!(false),
            json!([]),
            json!([2]),
            json!({}),
            json!({"id": 1}),
        ] {
            assert_eq!(of_field(Some(&wrong)), Err(NotANumber), "{wrong}");
        }
    }
}
