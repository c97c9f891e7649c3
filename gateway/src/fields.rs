//! Fields of a body, in the words existing clients know.

use serde_json::{Map, Value};

use crate::error::ApiError;

const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NULL: &str = "This field may not be null.";
const NOT_TEXT: &str = "Not a valid string.";
const NUL: &str = "Null characters are not allowed.";

/// Whether a field is there with something in it: not missing, null, empty, zero or false.
pub(crate) fn is_filled(body: &Map<String, Value>, name: &str) -> bool {
    match body.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::Bool(true)) => true,
    }
}

/// A field's text. A number is taken for its digits: people put quotes around what looks like a
/// word, and not around 123.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads several required texts; what is wrong with any of them is said for all at once.
pub(crate) fn required<const N: usize>(
    body: &Map<String, Value>,
    names: [&str; N],
) -> Result<[String; N], ApiError> {
    let mut problems = Vec::new();
    let texts = names.map(|name| {
        judge(body.get(name)).unwrap_or_else(|problem| {
            problems.push((name.to_owned(), problem.to_owned()));
            String::new()
        })
    });
    if problems.is_empty() { Ok(texts) } else { Err(ApiError::invalid_fields(problems)) }
}

fn judge(value: Option<&Value>) -> Result<String, &'static str> {
    let value = value.ok_or(REQUIRED)?;
    if value.is_null() {
        return Err(NULL);
    }
    let text = text(value).ok_or(NOT_TEXT)?;
    if text.trim().is_empty() {
        return Err(BLANK);
    }
    if text.contains('\0') {
        return Err(NUL);
    }
    Ok(text)
}

/// The answer to a field that is there and no text.
pub(crate) fn not_text(name: &str) -> ApiError {
    ApiError::invalid_field(name, NOT_TEXT)
}
