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

/// A field that is a text, if it is there. An empty one counts as absent, and so does `null`.
pub(crate) fn optional_text(
    body: &Map<String, Value>,
    name: &str,
) -> Result<Option<String>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(not_text(name)),
    }
}

/// A field that is true or false, if it is there; in a form it is the word.
pub(crate) fn flag(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, ApiError> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text == "true" => Ok(Some(true)),
        Some(Value::String(text)) if text == "false" => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid_field(name, "Must be true or false.")),
    }
}

/// The answer to a field that is there and no text.
pub(crate) fn not_text(name: &str) -> ApiError {
    ApiError::invalid_field(name, NOT_TEXT)
}
