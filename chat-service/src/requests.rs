//! Requests that may come again: the name a caller gave one, and what it said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256, digest};

use crate::error::Error;

/// Longest name a caller may give a request, in bytes.
const MOST_BYTES: usize = 255;

/// A request that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// What was asked for.
    pub(crate) method: &'static str,
    /// SHA-256 of its name: names are the caller's business.
    pub(crate) key_hash: String,
    /// SHA-256 of what it said, to tell it from another of the same name.
    pub(crate) fingerprint: String,
}

impl Request {
    /// Without a name, a request is a new one each time. `said` is everything that makes a
    /// difference.
    pub(crate) fn parse(
        method: &'static str,
        name: &str,
        said: &[&[u8]],
    ) -> Result<Option<Self>, Error> {
        if name.is_empty() {
            return Ok(None);
        }
        if name.len() > MOST_BYTES || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::RequestIdInvalid);
        }
        let mut all = Context::new(&SHA256);
        for part in said {
            // With its length before each part, no two lists of parts read alike.
            all.update(&part.len().to_be_bytes());
            all.update(part);
        }
        Ok(Some(Self {
            method,
            key_hash: URL_SAFE_NO_PAD.encode(digest(&SHA256, name.as_bytes())),
            fingerprint: URL_SAFE_NO_PAD.encode(all.finish()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_visible_ascii_and_not_kept() {
        let named = Request::parse("send", "try-1", &[b"hello"]).unwrap().unwrap();
        assert!(!format!("{named:?}").contains("try-1"));
        assert_eq!(Request::parse("send", "", &[b"hello"]).unwrap(), None);
        for wrong in ["a b", "é", "\n", &"x".repeat(256)] {
            assert!(Request::parse("send", wrong, &[]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_was_said_is_told_apart() {
        let said = |parts: &[&[u8]]| Request::parse("m", "k", parts).unwrap().unwrap().fingerprint;
        assert_eq!(said(&[b"ab", b"c"]), said(&[b"ab", b"c"]));
        assert_ne!(said(&[b"ab", b"c"]), said(&[b"a", b"bc"]));
        assert_ne!(said(&[b"", b"x"]), said(&[b"x"]));
    }
}
