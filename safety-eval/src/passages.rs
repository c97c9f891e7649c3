//! Rows as the encoder of the second look learns from them (`safety-eval/training`).

use chat_service::safety::Tier;
use chat_service::safety::reader::passages;
use serde::Serialize;

use crate::rows::{File, Label, Row};

/// A passage, and how grave it is.
#[derive(Debug, Serialize)]
pub struct Passage {
    /// As the encoder reads it.
    pub passage: String,
    /// Whether it is elevated or graver.
    pub elevated: bool,
    /// Whether it is high or graver.
    pub high: bool,
}

impl Passage {
    /// The passages of a row. A conversation, a row without a tier, one about another danger than to
    /// oneself, and one that the encoder cannot read have none.
    #[must_use]
    pub fn of(row: &Row) -> Vec<Self> {
        let tier = row.key("tier").and_then(|name| Tier::of_name(&name));
        let (Some(tier), [text]) = (tier, row.turns.as_slice()) else { return Vec::new() };
        if row.label == Some(Label::Other) {
            return Vec::new();
        }
        let (elevated, high) = (tier >= Tier::Elevated, tier >= Tier::High);
        let passages = passages(text).into_iter();
        passages.map(|passage| Self { passage, elevated, high }).collect()
    }
}

/// The passages of all rows, one JSON object a line.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn list(files: &[File]) -> serde_json::Result<String> {
    let passages = files.iter().flat_map(|file| &file.rows).flat_map(Passage::of);
    passages.map(|passage| Ok(serde_json::to_string(&passage)? + "\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(lines: &str) -> String {
        list(&[File::parse("a.jsonl", lines).unwrap()]).unwrap()
    }

    #[test]
    fn sentences_with_a_tier_are_listed_as_they_are_read() {
        let listed = list_of(r#"{"text": "I want to d1e, OK?", "label": 1, "tier": "high"}"#);
        assert_eq!(
            listed,
            "{\"passage\":\"i want to die , ok\",\"elevated\":true,\"high\":true}\n"
        );
    }

    #[test]
    fn what_teaches_nothing_is_left_out() {
        assert_eq!(list_of(r#"{"turns": ["a", "b"], "label": 1, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "he hit me", "label": -2, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "我不想活了", "label": 1, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "hello", "label": 0}"#), "");
    }
}
