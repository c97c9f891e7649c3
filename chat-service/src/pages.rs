//! Pages: how large they are, and where the next one begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::error::Error;

/// Rows on a page when the caller does not say (AIP-158), and at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) default: u64,
    pub(crate) most: u64,
}

/// Of sessions and messages.
pub(crate) const ROWS: Sizes = Sizes { default: 100, most: 500 };
/// Of what was found: each is looked at by a person.
pub(crate) const HITS: Sizes = Sizes { default: 20, most: 100 };

impl Sizes {
    /// The rows that a caller gets.
    pub(crate) fn of(self, asked: i32) -> Result<u64, Error> {
        match u64::try_from(asked) {
            Ok(0) => Ok(self.default),
            Ok(size) => Ok(size.min(self.most)),
            Err(_) => Err(Error::PageInvalid("A page size is not negative.")),
        }
    }
}

/// Cuts rows to a page, of which one more was asked for to know whether there are more. If so, the
/// last row of the page.
pub(crate) fn cut<T>(rows: &mut Vec<T>, size: u64) -> Option<&T> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    rows.last().filter(|_| has_more)
}

/// The token of the page that follows the row `last`. Opaque, and worth nothing without the right
/// to the rows: it is only a position.
pub(crate) fn token_after(last: i64) -> String {
    URL_SAFE_NO_PAD.encode(last.to_be_bytes())
}

/// The row that a page follows; `None` for the first page.
pub(crate) fn after(token: &str) -> Result<Option<i64>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    let id = i64::from_be_bytes(read(token)?);
    if id > 0 { Ok(Some(id)) } else { Err(invalid()) }
}

/// A place in a list that is ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) time: DateTime<Utc>,
    pub(crate) id: i64,
}

impl Position {
    /// The token of the page that follows.
    pub(crate) fn token(self) -> String {
        let mut bytes = [0; 16];
        let (time, id) = bytes.split_at_mut(8);
        time.copy_from_slice(&self.time.timestamp_micros().to_be_bytes());
        id.copy_from_slice(&self.id.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a page follows; `None` for the first page.
    pub(crate) fn parse(token: &str) -> Result<Option<Self>, Error> {
        if token.is_empty() {
            return Ok(None);
        }
        let both = i128::from_be_bytes(read(token)?).to_be_bytes();
        let (time, id) = both.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).ok();
        let time = number(time).and_then(DateTime::from_timestamp_micros);
        let id = number(id).filter(|id| *id > 0);
        let (Some(time), Some(id)) = (time, id) else { return Err(invalid()) };
        Ok(Some(Self { time, id }))
    }
}

fn read<const N: usize>(token: &str) -> Result<[u8; N], Error> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    bytes.try_into().map_err(|_| invalid())
}

fn invalid() -> Error {
    Error::PageInvalid("No page ended with this token.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded_and_tokens_are_only_ours() {
        assert_eq!(ROWS.of(0).unwrap(), 100);
        assert_eq!(ROWS.of(9_999).unwrap(), 500);
        assert!(ROWS.of(-1).is_err());
        assert_eq!(after("").unwrap(), None);
        assert_eq!(after(&token_after(7)).unwrap(), Some(7));
        for token in ["7", "AAAA", "not base64!", &token_after(-1)] {
            assert!(after(token).is_err(), "{token}");
        }
    }

    #[test]
    fn only_a_page_that_more_follows_has_a_last_row() {
        let last = |rows: u64, size| cut(&mut (1..=rows).collect(), size).copied();
        assert_eq!((last(0, 2), last(1, 2), last(2, 2), last(3, 2)), (None, None, None, Some(2)));
    }

    #[test]
    fn a_position_survives_the_journey() {
        let time = DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap();
        let position = Position { time, id: 42 };
        assert_eq!(Position::parse(&position.token()).unwrap(), Some(position));
        assert_eq!(Position::parse("").unwrap(), None);
        assert!(Position::parse(&token_after(7)).is_err());
        assert!(Position::parse(&Position { time, id: 0 }.token()).is_err());
    }
}
