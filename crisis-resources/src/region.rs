//! A region of the world and the help it has.

use serde::Deserialize;

/// A country or territory. The code is empty for [`anywhere`](crate::anywhere).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// ISO 3166-1 alpha-2, upper case.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Numbers for danger to life, the best first.
    pub emergency: Vec<String>,
    /// Help lines, the one for everybody first.
    pub lines: Vec<Line>,
}

/// A line somebody can turn to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it calls itself.
    pub name: String,
    /// What it is for: `suicide_crisis`, `general_crisis`, `crisis_text`, `youth`, `mental_health`
    /// or `counselling`.
    pub kind: String,
    /// As dialled in the region.
    pub phone: Option<String>,
    /// Where to text.
    pub sms: Option<Sms>,
    /// The address of its chat.
    pub chat: Option<String>,
    /// Its own page.
    pub url: Option<String>,
    /// When it answers, in local time; nobody knows when absent.
    pub hours: Option<String>,
    /// ISO 639 codes of the languages it speaks.
    pub languages: Vec<String>,
    /// What else is good to know before calling.
    pub note: Option<String>,
    /// Names of the sources that have it.
    pub sources: Vec<String>,
    /// How good the sources are.
    pub confidence: Grade,
    /// When the newest source looked, `YYYY-MM-DD`.
    pub verified_at: String,
}

/// Where to send a text message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// The number.
    pub to: String,
    /// The word to begin with, if the line wants one.
    pub keyword: Option<String>,
}

/// How far an entry can be trusted. Entries below `B` are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Grade {
    /// A record that cites the official page of the line.
    A,
    /// Two sources agree, or one very recent source.
    B,
}

/// A list of help lines all over the world.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// What it calls itself.
    pub name: String,
    /// Its address.
    pub url: String,
}
