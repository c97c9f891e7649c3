//! Rows that were not heard as what they are, to be read one by one.

use std::fmt;

use chat_service::safety::Tier;
use serde::Serialize;

use crate::hearing::Hearing;
use crate::rows::{Label, Row};

/// A row that was heard too low, or a calm one that was heard at all.
#[derive(Debug, Serialize)]
pub struct Miss {
    place: String,
    label: Option<Label>,
    expected: &'static str,
    heard: &'static str,
    rules: Vec<&'static str>,
    turns: Vec<String>,
}

/// The tier that a row should reach, as it says itself; `None` where nothing is asked of it.
fn expected(row: &Row) -> Option<Tier> {
    let own = row.key("tier").and_then(|name| match name.as_str() {
        "explicit" => Some(Tier::High),
        "implicit" => Some(Tier::Elevated),
        name => Tier::of_name(name),
    });
    own.or_else(|| (row.label == Some(Label::Risk)).then_some(Tier::Elevated))
}

impl Miss {
    /// What is wrong with how a row was heard. `bar` is the tier that risk must and calm must not
    /// reach; without it, that is the row's own tier, and ELEVATED for calm.
    #[must_use]
    pub fn find(row: &Row, hearing: &Hearing, bar: Option<Tier>) -> Option<Self> {
        let (expected, is_missed) = match (row.label?, bar) {
            (Label::NoRisk, bar) => ("calm", hearing.tier >= bar.unwrap_or(Tier::Elevated)),
            (Label::Risk, Some(bar)) => (bar.name(), hearing.tier < bar),
            (_, Some(_)) => return None,
            (_, None) => expected(row).map(|tier| (tier.name(), hearing.tier < tier))?,
        };
        is_missed.then(|| Self {
            place: row.place.clone(),
            label: row.label,
            expected,
            heard: hearing.tier.name(),
            rules: hearing.rules.clone(),
            turns: row.turns.clone(),
        })
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = if self.rules.is_empty() { "-".to_owned() } else { self.rules.join(" ") };
        let (place, expected, heard) = (&self.place, self.expected, self.heard);
        write!(f, "{place}\t{expected} > {heard}\t{rules}\t{}", self.turns.join(" ⏎ "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::File;

    fn miss(row: &str, tier: Tier, bar: Option<Tier>) -> bool {
        let row: Row = File::parse("rows.jsonl", row).unwrap().rows.remove(0);
        let hearing = Hearing { tier, turns: vec![tier], rules: vec!["a-rule"] };
        Miss::find(&row, &hearing, bar).is_some()
    }

    #[test]
    fn a_row_of_risk_is_missed_below_its_own_tier() {
        let row = r#"{"text": "x", "label": 1, "tier": "high"}"#;
        assert!(miss(row, Tier::Elevated, None));
        assert!(!miss(row, Tier::High, None));
        assert!(!miss(row, Tier::Elevated, Some(Tier::Elevated)));
        assert!(miss(r#"{"text": "x", "label": 1}"#, Tier::Third, None));
        assert!(miss(r#"{"text": "x", "label": -1, "tier": "third"}"#, Tier::Low, None));
    }

    #[test]
    fn calm_is_missed_when_it_is_flagged() {
        let row = r#"{"text": "x", "label": 0, "tier": "none"}"#;
        assert!(miss(row, Tier::Elevated, None));
        assert!(!miss(row, Tier::Third, None));
        assert!(!miss(row, Tier::Elevated, Some(Tier::High)));
        assert!(miss(row, Tier::High, Some(Tier::High)));
    }

    #[test]
    fn nothing_is_missed_where_nothing_is_known() {
        assert!(!miss(r#"{"text": "x"}"#, Tier::High, None));
        assert!(!miss(r#"{"text": "x", "label": -1}"#, Tier::None, None));
        assert!(!miss(
            r#"{"text": "x", "label": -2, "tier": "high"}"#,
            Tier::None,
            Some(Tier::High)
        ));
    }

    #[test]
    fn a_miss_reads_as_one_line_with_the_rules_that_spoke() {
        let row = r#"{"turns": ["one", "two"], "label": 1, "tier": "high"}"#;
        let row = File::parse("rows.jsonl", row).unwrap().rows.remove(0);
        let hearing = Hearing { tier: Tier::Low, turns: Vec::new(), rules: vec!["a-rule"] };
        let line = Miss::find(&row, &hearing, None).unwrap().to_string();
        let low = Tier::Low.name();
        let high = Tier::High.name();
        assert_eq!(line, format!("rows.jsonl:1\t{high} > {low}\ta-rule\tone ⏎ two"));
    }
}
