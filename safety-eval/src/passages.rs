//! Rows as the encoder of the second look learns from them (`safety-eval/training`).

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chat_service::safety::reader::passages;
use chat_service::safety::{Tier, folded_words, screen};
use serde::Serialize;

use crate::rows::{File, Label, Row};

/// Words of a passage that may be only part of what is meant: more say it by themselves.
const FEW: usize = 7;
/// Words of a clause that teaches that few words may say nothing.
const CLAUSE: RangeInclusive<usize> = 2..=9;

/// A passage, and how grave it is.
#[derive(Debug, Serialize)]
pub struct Passage {
    /// As the encoder reads it.
    pub passage: String,
    /// Whether it is elevated or graver.
    pub elevated: bool,
    /// Whether it is high or graver.
    pub high: bool,
    /// Whether somebody else is in danger, and the writer is not.
    pub third: bool,
    /// Whether it is all that is read, or only a part.
    pub kind: Kind,
}

/// What a passage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// As the encoder reads it.
    Whole,
    /// A clause of a calm one.
    Clause,
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
        let (elevated, high, third) =
            (tier >= Tier::Elevated, tier >= Tier::High, tier == Tier::Third);
        let passages = passages(text);
        let gravest = passages.first().map(|passage| format!(" {passage} ")).unwrap_or_default();
        let longest = passages.iter().map(String::len).max();
        // Of a calm text every passage is calm, unless only what stands beside it makes it so; of
        // another, nobody knows it of those without the gravest, and of few words only if rules do.
        let is_known = |passage: &String| {
            let is_whole = Some(passage.len()) == longest;
            if elevated || third {
                let is_said = is_whole || third || says_it(passage);
                is_said && format!(" {passage} ").contains(&gravest)
            } else {
                is_whole || !screen(passage).tier.is_danger()
            }
        };
        let known = passages.iter().filter(|passage| is_known(passage)).cloned();
        let whole = known.map(|passage| Self { passage, elevated, high, third, kind: Kind::Whole });
        let clauses = passages.iter().filter(|_| tier == Tier::None).flat_map(|it| clauses(it));
        whole.chain(clauses.map(Self::calm)).collect()
    }

    fn calm(clause: &str) -> Self {
        let passage = clause.to_owned();
        Self { passage, elevated: false, high: false, third: false, kind: Kind::Clause }
    }
}

/// The clauses of a calm passage that say nothing grave by themselves, as far as rules and score tell.
fn clauses(passage: &str) -> impl Iterator<Item = &str> {
    let marks = [" . ", " , ", "\""];
    let mut clauses = vec![passage];
    for mark in marks {
        clauses = clauses.into_iter().flat_map(|clause| clause.split(mark)).collect();
    }
    let clauses = clauses.into_iter().map(str::trim).filter(move |it| *it != passage);
    let few = clauses.filter(|it| CLAUSE.contains(&it.split(' ').count()));
    few.filter(|clause| screen(clause).tier == Tier::None)
}

/// Whether a part of a text says by itself what is meant, as far as its length and rules tell: of "I still
/// want it" nobody knows.
fn says_it(passage: &str) -> bool {
    let found = screen(passage);
    let is_by_rules = found.rules.iter().any(|rule| !rule.starts_with("score."));
    folded_words(passage).len() > FEW || (found.tier >= Tier::Elevated && is_by_rules)
}

/// The passages of all rows, one JSON object a line.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn list(files: &[File]) -> serde_json::Result<String> {
    let mut clauses = HashSet::new();
    let passages = files.iter().flat_map(|file| &file.rows).flat_map(Passage::of);
    let once = passages.filter(|it| it.kind == Kind::Whole || clauses.insert(it.passage.clone()));
    once.map(|passage| Ok(serde_json::to_string(&passage)? + "\n")).collect()
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
            "{\"passage\":\"i want to die , ok\",\"elevated\":true,\"high\":true,\"third\":false,\"kind\":\"whole\"}\n"
        );
    }

    #[test]
    fn a_passage_is_as_grave_as_its_row_where_nothing_else_makes_it_so() {
        let calm = r#"{"text": "I want to die. Tickets sold out. Anyone selling?", "label": 0, "tier": "low"}"#;
        let listed = list_of(calm);
        assert!(
            listed.contains("\"i want to die . tickets sold out . anyone selling\""),
            "{listed}"
        );
        assert!(listed.contains("\"anyone selling\""), "{listed}");
        assert!(!listed.contains("\"i want to die\""), "{listed}");
        let grave = r#"{"text": "Tickets sold out. I want to die.", "label": 1, "tier": "high"}"#;
        let listed = list_of(grave);
        assert!(listed.contains("\"i want to die\""), "{listed}");
        assert!(!listed.contains("\"tickets sold out\""), "{listed}");
        let third = r#"{"text": "Tickets sold out. My friend wants to die.", "label": -1, "tier": "third"}"#;
        let listed = list_of(third);
        assert!(
            listed.contains(
                "\"my friend wants to die\",\"elevated\":false,\"high\":false,\"third\":true"
            ),
            "{listed}"
        );
        assert!(!listed.contains("\"tickets sold out\""), "{listed}");
    }

    #[test]
    fn clauses_of_calm_texts_are_calm_unless_they_are_not_by_themselves() {
        let text = "We had soup, and it was warm. After the play I said I want to die, then tea.";
        let row =
            |tier: &str| format!("{{\"text\": \"{text}\", \"label\": 0, \"tier\": \"{tier}\"}}");
        let listed = list_of(&format!("{}\n{}", row("none"), row("none")));
        let clause = |text: &str| {
            let calm = "\"elevated\":false,\"high\":false,\"third\":false,\"kind\":\"clause\"";
            listed.matches(&format!("{{\"passage\":\"{text}\",{calm}}}")).count()
        };
        assert_eq!((clause("and it was warm"), clause("then tea")), (1, 1), "{listed}");
        assert_eq!(clause("after the play i said i want to die"), 0, "{listed}");
        assert!(!list_of(&row("low")).contains("\"kind\":\"clause\""));
    }

    #[test]
    fn few_words_say_it_only_where_rules_know_them() {
        for (passage, is_said) in [
            ("i still want it", false),
            ("the knots , they hold . now", false),
            ("i want to die", true),
            ("i went to look how deep it is there", true),
        ] {
            assert_eq!(says_it(passage), is_said, "{passage}");
        }
        let whole = r#"{"text": "I still want it", "label": 1, "tier": "high"}"#;
        assert!(list_of(whole).contains("\"i still want it\""), "nothing stands beside it");
    }

    #[test]
    fn what_teaches_nothing_is_left_out() {
        assert_eq!(list_of(r#"{"turns": ["a", "b"], "label": 1, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "he hit me", "label": -2, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "我不想活了", "label": 1, "tier": "high"}"#), "");
        assert_eq!(list_of(r#"{"text": "hello", "label": 0}"#), "");
    }
}
