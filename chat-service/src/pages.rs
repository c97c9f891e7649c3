//! Pages: how large they are, and where the next one begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// Rows on a page when the caller does not say (AIP-158).
const DEFAULT: u64 = 100;
/// Rows on a page at most.
const MOST: u64 = 500;

/// Which rows to return: those that follow `after`, at most `size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// The last id of the page before; `None` on the first page.
    pub(crate) after: Option<i64>,
    /// Rows at most.
    pub(crate) size: u64,
}

impl Page {
    pub(crate) fn parse(size: i32, token: &str) -> Result<Self, Error> {
        let size = match u64::try_from(size) {
            Ok(0) => DEFAULT,
            Ok(size) => size.min(MOST),
            Err(_) => return Err(Error::PageInvalid("a page size is not negative")),
        };
        let after = if token.is_empty() { None } else { Some(read(token)?) };
        Ok(Self { after, size })
    }
}

/// The token of the page that follows the row `last`. Opaque, and worth nothing without the right
/// to the rows: it is only a position.
pub(crate) fn token_after(last: i64) -> String {
    URL_SAFE_NO_PAD.encode(last.to_be_bytes())
}

fn read(token: &str) -> Result<i64, Error> {
    let invalid = || Error::PageInvalid("no page ended with this token");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let id = i64::from_be_bytes(bytes.try_into().map_err(|_| invalid())?);
    if id > 0 { Ok(id) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded_and_tokens_are_only_ours() {
        assert_eq!(Page::parse(0, "").unwrap(), Page { after: None, size: 100 });
        assert_eq!(Page::parse(9_999, "").unwrap().size, 500);
        assert_eq!(Page::parse(2, &token_after(7)).unwrap(), Page { after: Some(7), size: 2 });
        assert!(Page::parse(-1, "").is_err());
        for token in ["7", "AAAA", "not base64!", &token_after(-1)] {
            assert!(Page::parse(0, token).is_err(), "{token}");
        }
    }
}
