//! What can be wrong with the data.

use std::{error, fmt};

/// Why the compiled-in data cannot be used. It is a mistake of whoever edited the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A file is not what is expected.
    Malformed {
        /// Which file, below `data/`.
        file: &'static str,
        /// What the parser says.
        detail: String,
    },
    /// A line is in a region that `emergency.toml` does not have.
    UnknownRegion {
        /// The name of the line.
        line: String,
        /// The code of the region.
        region: String,
    },
    /// A line names a source that `sources.toml` does not have.
    UnknownSource {
        /// The name of the line.
        line: String,
        /// The id of the source.
        source: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { file, detail } => write!(f, "data/{file}: {detail}"),
            Self::UnknownRegion { line, region } => {
                write!(f, "line {line:?} is in an unknown region {region:?}")
            }
            Self::UnknownSource { line, source } => {
                write!(f, "line {line:?} names an unknown source {source:?}")
            }
        }
    }
}

impl error::Error for Problem {}
