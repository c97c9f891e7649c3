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
