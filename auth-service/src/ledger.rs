//! Whose accounts were deleted, told so that a backup from before cannot bring them back.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

/// The first line of a ledger that is a file.
const HEADING: &str = "id,created_at";
/// How a time is written: to the microsecond, which is what every database keeps.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// Accounts that were deleted. Each is named by its number and by when it was made: after a restore, a
/// number may be somebody else's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Line>", try_from = "Vec<Line>")]
pub struct Ledger(BTreeSet<(i64, DateTime<Utc>)>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: i64,
    created_at: String,
}

impl Ledger {
    /// Reads what was written as a file: `id,created_at` in each line, with or without a heading.
    ///
    /// # Errors
    /// One sentence that names the line.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && *line != HEADING);
        let read = |(number, line): (usize, &str)| {
            let entry = line.split_once(',').context("it is not of the form id,created_at");
            let entry = entry.and_then(|(id, created_at)| {
                Ok((id.trim().parse().context("the number is none")?, time(created_at.trim())?))
            });
            entry.with_context(|| format!("line {number}"))
        };
        Ok(Self(lines.map(read).collect::<anyhow::Result<_>>()?))
    }

    /// Adds those of another one.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers, and when the accounts were made.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (i64, DateTime<Utc>)> {
        self.0.iter().copied()
    }
}

impl FromIterator<(i64, DateTime<Utc>)> for Ledger {
    fn from_iter<I: IntoIterator<Item = (i64, DateTime<Utc>)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(id, made)| (id, made.trunc_subsecs(6))).collect())
    }
}

impl Display for Ledger {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        self.0.iter().try_for_each(|(id, made)| writeln!(f, "{id},{}", made.format(TIME)))
    }
}

impl From<Ledger> for Vec<Line> {
    fn from(ledger: Ledger) -> Self {
        let line = |(id, made): (i64, DateTime<Utc>)| Line {
            id,
            created_at: made.format(TIME).to_string(),
        };
        ledger.0.into_iter().map(line).collect()
    }
}

impl TryFrom<Vec<Line>> for Ledger {
    type Error = anyhow::Error;

    fn try_from(lines: Vec<Line>) -> anyhow::Result<Self> {
        lines.iter().map(|line| Ok((line.id, time(&line.created_at)?))).collect()
    }
}

fn time(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let time: DateTime<Utc> = text.parse().context("the time is none")?;
    ensure!(time.trunc_subsecs(6) == time, "the time is finer than any that is kept");
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_is_no_ledger_is_named_by_its_line() {
        let made =
            |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 123_456_000).unwrap();
        let ledger: Ledger =
            [(7, made(0)), (7, made(5)), (2, made(1)), (7, made(0))].into_iter().collect();
        let text = ledger.to_string();
        assert!(text.starts_with("id,created_at\n2,2027-01-15T08:00:01.123456Z\n7,"), "{text}");
        assert_eq!(Ledger::parse(&text).unwrap(), ledger);
        let twice = format!("{text}\n{text}");
        assert_eq!(Ledger::parse(&twice).unwrap(), ledger, "files one after the other are one");
        let json = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
        assert!(Ledger::parse("").unwrap().is_empty());
        for wrong in ["7", "seven,2027-01-15T08:00:00Z", "7,yesterday", "id,made_at"] {
            let why = format!("{:#}", Ledger::parse(&format!("{text}{wrong}\n")).unwrap_err());
            assert!(why.starts_with("line 5: "), "{why}");
        }
    }
}
