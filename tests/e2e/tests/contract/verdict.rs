//! Whether an answer is the expected one.

use std::collections::HashMap;
use std::fmt;

use e2e::Answer;
use serde_json::Value;

use super::cases::{ABSENT, Case, EMPTY};
use super::tokens;

/// What every answer carries, except that to `OPTIONS`.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// What is wrong with an answer.
pub(super) struct Verdict {
    name: &'static str,
    problems: Vec<String>,
    expected: String,
    found: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problems, expected, found } = self;
        let problems = problems.join(", ");
        write!(formatter, "{name}: {problems}\n  expected {expected}\n  got      {found}")
    }
}

impl Verdict {
    /// Nothing if the answer is the expected one. `names` knows whose number is whose.
    pub(super) fn on(
        case: &Case,
        expected: &str,
        answer: &Answer,
        names: &HashMap<i64, String>,
    ) -> Option<Self> {
        let mut problems = manners(case, answer);
        if answer.status != case.status {
            problems.push("status".to_owned());
        }
        problems.extend(body(expected, answer, names));
        if problems.is_empty() {
            return None;
        }
        let found: String = answer.text.chars().take(300).collect();
        let expected = format!("{} {expected}", case.status);
        let found = format!("{} {found}", answer.status);
        Some(Self { name: case.name, problems, expected, found })
    }
}

/// What every answer owes, whatever it says.
fn manners(case: &Case, answer: &Answer) -> Vec<String> {
    let mut expected = case.answer_headers.to_vec();
    if case.method != "OPTIONS" {
        expected.extend(ALWAYS);
    }
    if answer.status == 401 {
        expected.push(("www-authenticate", "Bearer realm=\"api\""));
    }
    let mut problems = Vec::new();
    for (name, value) in expected {
        let value = if value == ABSENT { "" } else { value };
        if answer.header(name) != value {
            problems.push(format!("{name}: {:?} for {value:?}", answer.header(name)));
        }
    }
    if answer.status == 405 && answer.header("allow").is_empty() {
        problems.push("no allow header".to_owned());
    }
    problems
}

fn body(expected: &str, answer: &Answer, names: &HashMap<i64, String>) -> Option<String> {
    if expected == EMPTY || answer.text.is_empty() {
        return (expected != answer.text).then(|| "body".to_owned());
    }
    let expected: Value = serde_json::from_str(expected).unwrap();
    let found: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    if answer.header("content-type") != "application/json" {
        return Some("content-type".to_owned());
    }
    let is_error = answer.status >= 400;
    if is_error && !is_whole_error(&found, answer.header("x-request-id")) {
        return Some("no detail, code or request_id".to_owned());
    }
    // An error may say more than the original did; a success says exactly as much.
    (!fits(&expected, &found, !is_error, names)).then(|| "body".to_owned())
}

fn is_whole_error(found: &Value, request_id: &str) -> bool {
    let said = |name: &str| found[name].as_str().is_some_and(|text| !text.is_empty());
    said("detail") && said("code") && said("request_id") && found["request_id"] == request_id
}

fn fits(expected: &Value, found: &Value, exactly: bool, names: &HashMap<i64, String>) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            (!exactly || expected.len() == found.len())
                && expected.iter().all(|(name, value)| {
                    found.get(name).is_some_and(|found| fits(value, found, exactly, names))
                })
        }
        (Value::Array(expected), Value::Array(found)) => {
            let mut pairs = expected.iter().zip(found);
            expected.len() == found.len()
                && pairs.all(|(expected, found)| fits(expected, found, exactly, names))
        }
        (Value::String(expected), Value::Number(_)) => expected == "*",
        (Value::String(expected), Value::String(found)) => {
            let begins = expected.strip_suffix('*').is_some_and(|start| found.starts_with(start));
            expected == found || begins || is_token(expected, found, names)
        }
        (expected, found) => expected == found,
    }
}

/// `<access>` is any access token, `<access of alice>` one of Alice's.
fn is_token(expected: &str, found: &str, names: &HashMap<i64, String>) -> bool {
    let Some(claims) = tokens::claims(found) else { return false };
    let kind = claims["token_type"].as_str().unwrap_or_default();
    let owner = claims["user_id"].as_i64().and_then(|id| names.get(&id));
    let of_somebody = owner.is_some_and(|name| expected == format!("<{kind} of {name}>"));
    expected == format!("<{kind}>") || of_somebody
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    /// A table that accepts everything would look as green as a good one.
    #[test]
    fn a_wrong_answer_is_noticed() {
        let case = Case::post("a case", "/").answered(201, EMPTY);
        let header = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut headers: HeaderMap =
            ALWAYS.into_iter().map(|(name, value)| header(name, value)).collect();
        headers.extend([header("content-type", "application/json"), header("x-request-id", "1")]);
        let wrong = |status, headers: &HeaderMap, text: &str, expected: &str| {
            let answer = Answer { status, headers: headers.clone(), text: text.to_owned() };
            let case = if status == 200 { case } else { case.answered(status, EMPTY) };
            Verdict::on(&case, expected, &answer, &HashMap::new()).is_some()
        };

        assert!(!wrong(201, &headers, r#"{"a": "b", "c": 1}"#, r#"{"a": "*", "c": "*"}"#));
        assert!(wrong(200, &headers, r#"{"a": "b"}"#, r#"{"a": "b"}"#), "another status");
        assert!(wrong(201, &headers, r#"{"a": "b", "c": 1}"#, r#"{"a": "b"}"#), "a key too many");
        assert!(wrong(201, &headers, r#"{"a": "b"}"#, r#"{"a": "c"}"#), "another value");
        assert!(wrong(201, &headers, r#"{"a": ["b", "c"]}"#, r#"{"a": ["b"]}"#), "a longer list");
        assert!(wrong(201, &headers, r#"{"a": "b.c.d"}"#, r#"{"a": "<access>"}"#), "no token");
        assert!(wrong(201, &headers, "", r#"{"a": "b"}"#), "no body");
        assert!(wrong(201, &HeaderMap::new(), r#"{"a": "b"}"#, r#"{"a": "b"}"#), "no headers");

        let whole = r#"{"detail": "no", "code": "no", "request_id": "1", "error": "no"}"#;
        assert!(!wrong(400, &headers, whole, r#"{"error": "no"}"#));
        assert!(wrong(400, &headers, whole, r#"{"text": "no"}"#), "a key is missing");
        assert!(wrong(400, &headers, r#"{"error": "no"}"#, r#"{"error": "no"}"#), "no request id");
        assert!(wrong(401, &headers, whole, r#"{"error": "no"}"#), "no challenge");
        assert!(wrong(405, &headers, whole, r#"{"error": "no"}"#), "no methods");
    }
}
