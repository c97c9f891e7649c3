//! How much of each group of rows is heard.

use std::collections::BTreeMap;
use std::fmt;

use chat_service::safety::Tier;
use serde::Serialize;

use crate::hearing::Hearing;
use crate::rows::{File, Label, Row};
use crate::shares::Share;
use crate::table::Table;

/// What was measured, file by file.
#[derive(Debug, Serialize)]
pub struct Report {
    by: Vec<String>,
    files: Vec<Measured>,
}

#[derive(Debug, Serialize)]
struct Measured {
    file: String,
    sha256: String,
    rows: usize,
    groups: Vec<Group>,
    totals: Vec<Group>,
}

/// Rows of one label that have the same values under the keys asked for.
#[derive(Debug, Serialize)]
struct Group {
    keys: Vec<String>,
    label: Option<Label>,
    #[serde(flatten)]
    tally: Tally,
}

/// What became of some rows.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// Heard at HIGH or above.
    pub high: Share,
    /// Heard at ELEVATED or above.
    pub elevated: Share,
    /// Heard as THIRD: somebody else is in danger.
    pub third: Share,
    /// Conversations of several turns among them.
    pub dialogues: u32,
    /// The median of the turns at which those conversations were first at ELEVATED or above.
    pub median_first_flagged: Option<f64>,
    #[serde(skip)]
    firsts: Vec<u32>,
}

impl Tally {
    /// Counts a row.
    pub fn add(&mut self, row: &Row, hearing: &Hearing) {
        self.high.add(hearing.tier >= Tier::High);
        self.elevated.add(hearing.tier >= Tier::Elevated);
        self.third.add(hearing.tier == Tier::Third);
        if row.is_dialogue() {
            self.dialogues += 1;
            let first = hearing.first_at(Tier::Elevated);
            self.firsts.extend(first.and_then(|turn| u32::try_from(turn).ok()));
            self.firsts.sort_unstable();
            self.median_first_flagged = median(&self.firsts);
        }
    }
}

fn median(sorted: &[u32]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(f64::from(lower), f64::from(upper)))
}

impl Report {
    /// A report whose groups are told apart by the keys `by` and the label.
    #[must_use]
    pub fn new(by: Vec<String>) -> Self {
        Self { by, files: Vec::new() }
    }

    /// Adds a file whose rows were heard.
    pub fn add(&mut self, file: &File, heard: &[(&Row, Hearing)]) {
        self.files.push(Measured {
            file: file.name.clone(),
            sha256: file.hash.clone(),
            rows: heard.len(),
            groups: group(heard, &self.by),
            totals: group(heard, &[]),
        });
    }
}

/// Groups rows; one with a list under a key counts in the group of each value.
fn group(heard: &[(&Row, Hearing)], by: &[String]) -> Vec<Group> {
    let mut tallies = BTreeMap::<_, Tally>::new();
    for (row, hearing) in heard {
        for keys in by.iter().fold(vec![Vec::new()], |all, key| extended(&all, row.values(key))) {
            tallies.entry((keys, row.label)).or_default().add(row, hearing);
        }
    }
    tallies.into_iter().map(|((keys, label), tally)| Group { keys, label, tally }).collect()
}

/// Each of these lists with each of these values, or with a dash if there are none.
fn extended(all: &[Vec<String>], mut values: Vec<String>) -> Vec<Vec<String>> {
    if values.is_empty() {
        values.push("-".to_owned());
    }
    let with = |value: &String| {
        all.iter()
            .map(|keys| [keys.as_slice(), std::slice::from_ref(value)].concat())
            .collect::<Vec<_>>()
    };
    values.iter().flat_map(with).collect()
}

impl Group {
    fn line(&self, columns: usize) -> Vec<String> {
        let mut line = self.keys.clone();
        line.resize(columns, "all".to_owned());
        line.extend([
            self.label.map_or_else(|| "no label".to_owned(), |label| label.to_string()),
            self.tally.high.of.to_string(),
            self.tally.high.to_string(),
            self.tally.elevated.to_string(),
            self.tally.third.to_string(),
            self.tally.median_first_flagged.map_or_else(String::new, |turn| format!("{turn:.1}")),
        ]);
        line
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(f, "{}  sha256 {}  {} rows", file.file, file.sha256, file.rows)?;
            let texts = self.by.len() + 1;
            let keys = self.by.iter().map(String::as_str);
            let figures = ["label", "n", "HIGH+", "ELEVATED+", "THIRD", "first turn"];
            let mut table = Table::new(texts, &keys.chain(figures).collect::<Vec<_>>());
            for group in &file.groups {
                table.add(group.line(self.by.len()));
            }
            // A label with a single group is its own total.
            for total in &file.totals {
                if file.groups.iter().filter(|group| group.label == total.label).count() > 1 {
                    table.add(total.line(self.by.len()));
                }
            }
            writeln!(f, "{table}")?;
        }
        writeln!(
            f,
            "Label 1: shares found. Label 0: shares of false alarms. [95 % interval, Wilson]."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(tiers: &[Tier]) -> Hearing {
        let tier = tiers.iter().copied().max().unwrap();
        Hearing { tier, turns: tiers.to_vec(), rules: Vec::new() }
    }

    fn file() -> File {
        let rows = [
            r#"{"text": "a", "label": 1, "set": "explicit"}"#,
            r#"{"text": "b", "label": 1, "set": "implicit"}"#,
            r#"{"turns": ["c", "d", "e"], "label": 1, "set": "implicit"}"#,
            r#"{"text": "f", "label": 0}"#,
        ];
        File::parse("rows.jsonl", &rows.join("\n")).unwrap()
    }

    #[test]
    fn rows_are_grouped_by_key_and_label() {
        let file = file();
        let tiers: [&[Tier]; 4] = [
            &[Tier::Imminent],
            &[Tier::Third],
            &[Tier::None, Tier::Elevated, Tier::High],
            &[Tier::Low],
        ];
        let heard: Vec<_> = file.rows.iter().zip(tiers.map(heard)).collect();
        let groups = group(&heard, &["set".to_owned()]);
        let named: Vec<_> =
            groups.iter().map(|group| (group.keys[0].as_str(), group.label)).collect();
        let risk = Some(Label::Risk);
        assert_eq!(named, [("-", Some(Label::NoRisk)), ("explicit", risk), ("implicit", risk)]);
        let implicit = &groups[2].tally;
        assert_eq!(implicit.high, Share { count: 1, of: 2 });
        assert_eq!(implicit.third, Share { count: 1, of: 2 });
        assert_eq!((implicit.dialogues, implicit.median_first_flagged), (1, Some(2.0)));

        let all = group(&heard, &[]);
        assert_eq!(all[0].tally.elevated, Share { count: 2, of: 3 });
    }

    #[test]
    fn a_row_with_a_list_counts_once_for_each_value_and_once_in_all() {
        let row = r#"{"text": "a", "label": 0, "set": "support", "topics": ["sleep", "work"]}"#;
        let file = File::parse("rows.jsonl", row).unwrap();
        let heard = [(&file.rows[0], heard(&[Tier::None]))];
        let groups = group(&heard, &["set".to_owned(), "topics".to_owned()]);
        let keys: Vec<_> = groups.iter().map(|group| group.keys.join(" ")).collect();
        assert_eq!(keys, ["support sleep", "support work"]);
        assert_eq!(group(&heard, &[])[0].tally.high.of, 1);
    }

    #[test]
    fn a_report_names_the_hash_and_totals_only_what_was_parted() {
        let file = file();
        let mut report = Report::new(vec!["set".to_owned()]);
        let heard: Vec<_> = file.rows.iter().map(|row| (row, heard(&[Tier::None]))).collect();
        report.add(&file, &heard);
        let text = report.to_string();
        assert!(text.contains(&file.hash), "{text}");
        let totals: Vec<_> = text.lines().filter(|line| line.contains("  all ")).collect();
        assert_eq!(totals.len(), 1, "{text}");
        assert!(totals[0].contains("1 risk"), "{text}");
    }

    #[test]
    fn a_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1, 2, 9]), Some(2.0));
        assert_eq!(median(&[1, 2, 3, 9]), Some(2.5));
    }
}
