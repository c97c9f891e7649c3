//! Labelled rows: what was said, and what it should be heard as.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A file of rows, one JSON object a line.
#[derive(Debug)]
pub struct File {
    /// Its path, as it was given.
    pub name: String,
    /// The first 12 hex digits of its SHA-256.
    pub hash: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A sentence or a conversation with its label.
#[derive(Debug)]
pub struct Row {
    /// Its file and line.
    pub place: String,
    /// What the person says, turn by turn; one for a sentence.
    pub turns: Vec<String>,
    /// What it is, if somebody said.
    pub label: Option<Label>,
    keys: Map<String, Value>,
}

/// What a row is in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Label {
    /// The person is a risk to themselves.
    Risk,
    /// They are not.
    NoRisk,
    /// Somebody else is at risk, or it cannot be told.
    Unclear,
    /// Another danger: abuse suffered, harm to others.
    Other,
}

impl TryFrom<i64> for Label {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Risk),
            0 => Ok(Self::NoRisk),
            -1 => Ok(Self::Unclear),
            -2 => Ok(Self::Other),
            _ => Err("labels are 1, 0, -1 and -2"),
        }
    }
}

impl From<Label> for i64 {
    fn from(label: Label) -> Self {
        match label {
            Label::Risk => 1,
            Label::NoRisk => 0,
            Label::Unclear => -1,
            Label::Other => -2,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Risk => "1 risk",
            Self::NoRisk => "0 no risk",
            Self::Unclear => "-1 unclear",
            Self::Other => "-2 other",
        })
    }
}

/// A row as it is written.
#[derive(Deserialize)]
struct Written {
    text: Option<String>,
    turns: Option<Vec<String>>,
    label: Option<Label>,
    #[serde(flatten)]
    keys: Map<String, Value>,
}

impl Row {
    /// Whether it is a conversation of several turns.
    #[must_use]
    pub fn is_dialogue(&self) -> bool {
        self.turns.len() > 1
    }

    /// What it says under a key, each value of a list by itself.
    #[must_use]
    pub fn values(&self, key: &str) -> Vec<String> {
        let plain = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        match self.keys.get(key) {
            Some(Value::Array(values)) => values.iter().filter_map(plain).collect(),
            value => value.and_then(plain).into_iter().collect(),
        }
    }

    /// The one thing that it says under a key.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<String> {
        self.values(key).into_iter().next()
    }

    /// The code of its language; English unless it says so.
    #[must_use]
    pub fn language(&self) -> String {
        self.key("lang").unwrap_or_else(|| "en".to_owned())
    }

    fn parse(place: String, text: &str) -> anyhow::Result<Self> {
        // What the parser says may quote the row: only where it stopped is told.
        let Ok(written) = serde_json::from_str::<Written>(text) else {
            bail!("{place} is no row: an object with text or turns, and a label of 1, 0, -1 or -2");
        };
        let turns = written.turns.or_else(|| written.text.map(|text| vec![text]));
        let Some(turns) = turns.filter(|turns| !turns.is_empty()) else {
            bail!("{place} has neither text nor turns");
        };
        Ok(Self { place, turns, label: written.label, keys: written.keys })
    }
}

impl File {
    /// Reads a file of rows; empty lines are passed over.
    ///
    /// # Errors
    /// When it cannot be read, or a line of it is no row.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&name, &text)
    }

    pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let sum = digest(&SHA256, text.as_bytes());
        let hash = hex(sum.as_ref().get(..6).unwrap_or_default());
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let rows = lines.map(|(at, line)| Row::parse(format!("{name}:{}", at + 1), line));
        Ok(Self { name: name.to_owned(), hash, rows: rows.collect::<anyhow::Result<_>>()? })
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        File::parse("rows.jsonl", text).unwrap().rows
    }

    #[test]
    fn a_sentence_and_a_conversation_are_both_read_as_turns() {
        let rows = rows(concat!(
            r#"{"text": "hello", "label": 0, "set": "support"}"#,
            "\n\n",
            r#"{"text": "hello it is late", "turns": ["hello", "it is late"], "lang": "de"}"#,
        ));
        assert_eq!(rows[0].turns, ["hello"]);
        assert_eq!((rows[0].label, rows[0].is_dialogue()), (Some(Label::NoRisk), false));
        assert_eq!(rows[1].turns, ["hello", "it is late"]);
        assert_eq!((rows[1].label, rows[1].is_dialogue()), (None, true));
        assert_eq!(rows[1].place, "rows.jsonl:3");
        assert_eq!([rows[0].language(), rows[1].language()], ["en", "de"]);
    }

    #[test]
    fn keys_are_read_whatever_they_are() {
        let row =
            &rows(r#"{"text": "x", "topics": ["sleep", "work"], "unsafe": 0, "nothing": null}"#)[0];
        assert_eq!(row.values("topics"), ["sleep", "work"]);
        assert_eq!(row.key("unsafe").as_deref(), Some("0"));
        assert_eq!(row.key("nothing"), None);
        assert_eq!(row.key("set"), None);
    }

    #[test]
    fn a_line_that_is_no_row_is_named_and_not_quoted() {
        for line in
            [r#"{"label": 1}"#, r#"{"text": "secret", "label": 7}"#, r#"["secret"]"#, "secret"]
        {
            let error = File::parse("rows.jsonl", line).unwrap_err().to_string();
            assert!(error.starts_with("rows.jsonl:1 ") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_file_is_known_by_the_hash_of_its_bytes() {
        assert_eq!(File::parse("empty.jsonl", "").unwrap().hash, "e3b0c44298fc");
    }
}
