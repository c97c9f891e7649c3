//! The yearly report: how often somebody was in danger, and what was done. Numbers only, nobody's words.
//!
//! California (B&P 22603) and others ask for the number of referrals to crisis services in a year; the
//! protocol and its measurement, which they ask for too, are the document that the report ends with.

mod command;
mod table;

use anyhow::Context as _;
use chassis::clock;
use chrono::{DateTime, Datelike as _, Utc};
use database::Url;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::safety::{Category, Tier};
use crate::store::{Counted, Event, SafetyDay, counted};

pub use command::{COMMAND, work};

/// Where the protocol is described.
const PROTOCOL: &str = "docs/SAFETY.md";
/// What stands for a region, or anything else, that is not known.
const UNKNOWN: &str = "unknown";

/// What was counted in a year, up to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The first day, in UTC: `2026-01-01`.
    pub from: String,
    /// The last one.
    pub to: String,
    /// Turns of all people.
    pub turns: i64,
    /// Turns in which something was noticed.
    pub noticed: Tally,
    /// Times that help was shown, whole or in a line.
    pub referred: Tally,
    /// Replies written in advance, where no model could answer.
    pub written: Tally,
    /// Turns in which the model found something graver than the rules did.
    pub raised: Tally,
    /// Sentences of the model that were taken out.
    pub removed: Tally,
    /// Times that people were told what it is they talk to.
    pub disclosed: i64,
    /// Where the protocol is described, and how it was measured.
    pub protocol: &'static str,
}

/// How often something happened: in all, and by this and that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// In all.
    pub total: i64,
    by: Vec<(By, Vec<(String, i64)>)>,
}

/// What something is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Tier,
    Category,
    Region,
    /// Of a sentence that was taken out.
    Kind,
}

/// Reads what was counted in a year (UTC) from the database at `database_url`, also while a service
/// works with it. Changes nothing.
///
/// # Errors
/// When there is no such database, or it cannot be read.
pub async fn report(database_url: &Url, year: i32) -> anyhow::Result<Report> {
    let (from, to) = days(year, clock::now());
    let counted = match counted(database_url, &from, &to).await {
        Err(Error::Storage(database::Error::Missing)) => {
            anyhow::bail!("there is no database at {database_url} yet, so nothing was counted")
        }
        counted => counted.with_context(|| {
            format!(
                "the counts in {database_url} cannot be read (has this version ever served from it?)"
            )
        }),
    };
    Ok(Report::of(from, to, &counted?))
}

/// The first and the last day of a year, up to today.
fn days(year: i32, now: DateTime<Utc>) -> (String, String) {
    let last =
        if year == now.year() { crate::limits::day(now) } else { format!("{year:04}-12-31") };
    (format!("{year:04}-01-01"), last)
}

impl Report {
    fn of(from: String, to: String, counted: &Counted) -> Self {
        let tally = |event: &str, by: &[By]| Tally::of(&counted.events, event, by);
        Self {
            from,
            to,
            turns: counted.turns,
            noticed: tally(Event::Noticed.name(), &[By::Tier, By::Category]),
            referred: tally(Event::Referred.name(), &[By::Tier, By::Region]),
            written: tally(Event::Written.name(), &[By::Tier]),
            raised: tally(Event::Raised.name(), &[By::Tier]),
            removed: tally(Event::REMOVED, &[By::Kind]),
            disclosed: tally(Event::Disclosed.name(), &[]).total,
            protocol: PROTOCOL,
        }
    }
}

impl Tally {
    fn of(days: &[SafetyDay], event: &str, by: &[By]) -> Self {
        let days: Vec<_> = days.iter().filter(|day| day.event == event).collect();
        let counts = |by: &By| {
            let mut counts: Vec<_> = by.names().into_iter().map(|name| (name, 0)).collect();
            for day in &days {
                let name = by.name(day);
                match counts.iter_mut().find(|(known, _)| known == name) {
                    Some((_, count)) => *count += day.count,
                    None => counts.push((name.to_owned(), day.count)),
                }
            }
            if by.names().is_empty() {
                counts
                    .sort_by(|(name, count), (other, more)| more.cmp(count).then(name.cmp(other)));
            }
            (*by, counts)
        };
        Self { total: days.iter().map(|day| day.count).sum(), by: by.iter().map(counts).collect() }
    }
}

impl By {
    /// What is told even if there is none of it, the gravest first.
    fn names(self) -> Vec<String> {
        let names: Vec<_> = match self {
            Self::Tier => Tier::ALL
                .iter()
                .rev()
                .filter(|tier| **tier >= Tier::Third)
                .map(|tier| tier.name())
                .collect(),
            Self::Category => Category::ALL.iter().map(|category| category.name()).collect(),
            Self::Region | Self::Kind => Vec::new(),
        };
        names.into_iter().map(str::to_owned).collect()
    }

    fn name(self, day: &SafetyDay) -> &str {
        let name = match self {
            Self::Tier => &day.tier,
            Self::Category | Self::Kind => &day.category,
            Self::Region => &day.region,
        };
        if name.is_empty() { UNKNOWN } else { name }
    }

    /// As it is written in a table, and in JSON after `by_`.
    fn word(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Category => "category",
            Self::Region => "region",
            Self::Kind => "kind",
        }
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.by.len() + 1))?;
        map.serialize_entry("total", &self.total)?;
        for (by, counts) in &self.by {
            let counts: serde_json::Map<_, _> =
                counts.iter().map(|(name, count)| (name.clone(), (*count).into())).collect();
            map.serialize_entry(&format!("by_{}", by.word()), &counts)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
