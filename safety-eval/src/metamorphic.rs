//! Whether a hit survives being written another way.

use std::fmt;

use chat_service::safety::Tier;
use serde::Serialize;

use crate::hearing::Hearing;
use crate::rows::{Label, Row};
use crate::shares::Share;
use crate::table::Table;
use crate::transformations::Transformation;

/// What became of rows that were written another way.
#[derive(Debug, Serialize)]
pub struct Trial {
    transformations: Vec<Kept>,
    /// How often something harmless that was added has lowered a tier, whatever the label, of how many
    /// times it was added to something heard.
    pub lowered: Share,
    #[serde(skip)]
    losses: Vec<Loss>,
}

/// How much of what was heard is still heard under one transformation.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Kept {
    /// The name of the transformation.
    pub name: &'static str,
    /// At the same tier or above, of the risk at ELEVATED or above that it changed.
    pub kept: Share,
}

/// A text that was heard lower than before.
#[derive(Debug, Serialize)]
pub struct Loss {
    place: String,
    transformation: &'static str,
    before: &'static str,
    after: &'static str,
    turns: Vec<String>,
}

impl Default for Trial {
    fn default() -> Self {
        let none = |transformation: Transformation| Kept {
            name: transformation.name(),
            kept: Share::default(),
        };
        let transformations = Transformation::ALL.map(none).to_vec();
        Self { transformations, lowered: Share::default(), losses: Vec::new() }
    }
}

impl Trial {
    /// Tries every transformation on a row. Shares are those of risk at ELEVATED or above; whether
    /// adding something lowers a tier is looked at for whatever is heard at all.
    pub fn add(&mut self, row: &Row) {
        let before = Hearing::of(&row.turns).tier;
        let counts = row.label == Some(Label::Risk) && before >= Tier::Elevated;
        let language = row.language();
        for (at, transformation) in Transformation::ALL.into_iter().enumerate() {
            let adds = transformation.only_adds() && before > Tier::None;
            if !counts && !adds {
                continue;
            }
            let turns = row.turns.iter().map(|turn| transformation.apply(turn, &language));
            let turns: Vec<_> = turns.collect();
            if turns == row.turns {
                continue;
            }
            let after = Hearing::of(&turns).tier;
            if let Some(entry) = self.transformations.get_mut(at).filter(|_| counts) {
                entry.kept.add(after >= before);
            }
            if adds {
                self.lowered.add(after < before);
            }
            if after < before {
                let (before, after) = (before.name(), after.name());
                let (place, transformation) = (row.place.clone(), transformation.name());
                self.losses.push(Loss { place, transformation, before, after, turns });
            }
        }
    }

    /// The shares of all transformations.
    pub fn shares(&self) -> impl Iterator<Item = Kept> + '_ {
        self.transformations.iter().copied()
    }

    /// The texts that were heard lower than before.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(1, &["transformation", "n", "kept"]);
        for Kept { name, kept } in self.shares() {
            table.add(vec![name.to_owned(), kept.of.to_string(), kept.to_string()]);
        }
        write!(f, "{table}")?;
        let Share { count, of } = self.lowered;
        writeln!(f, "Something harmless added lowered a tier {count} times of {of}.")
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, transformation, before, after, turns } = self;
        write!(f, "{place}\t{transformation}\t{before} > {after}\t{}", turns.join(" ⏎ "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::File;

    fn trial(row: &str) -> Trial {
        let mut trial = Trial::default();
        trial.add(&File::parse("rows.jsonl", row).unwrap().rows[0]);
        trial
    }

    #[test]
    fn risk_that_is_heard_is_tried_in_every_way_that_changes_it() {
        let trial = trial(r#"{"text": "I want to kill myself", "label": 1}"#);
        for Kept { name, kept } in trial.shares() {
            let changes =
                !["curly apostrophes", "no apostrophes", "no punctuation"].contains(&name);
            assert_eq!(kept.of, u32::from(changes), "{name}");
        }
        assert_eq!(trial.lowered, Share { count: 0, of: 3 });
    }

    #[test]
    fn what_is_not_heard_cannot_be_lost() {
        let trial = trial(r#"{"text": "I had tea this afternoon", "label": 1}"#);
        assert!(trial.shares().all(|entry| entry.kept.of == 0));
        assert_eq!(trial.lowered.of, 0);
        assert!(trial.losses().is_empty());
    }
}
