//! What is known of one key.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use token::{access, refresh};

/// How much longer than what it signed a retired key is kept, in seconds: another process may have
/// signed with it for a moment longer, and clocks differ.
const SLACK: u64 = 5 * 60;

/// Which tokens a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Access,
    Refresh,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Active,
    Next,
    Retired,
}

/// One key of the ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) kid: String,
    pub(crate) state: State,
    /// Since when it is in this state, in seconds since the epoch.
    pub(crate) since: u64,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Access, Self::Refresh];

    /// How long a retired key is kept, in seconds: as long as what it signed can live.
    pub(super) fn patience(self) -> u64 {
        SLACK
            + match self {
                Self::Access => access::LIFETIME,
                Self::Refresh => refresh::LIFETIME,
            }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        })
    }
}

impl Display for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::Retired => "retired",
        })
    }
}
