//! Request ids: what a caller names a registration by, so that repeating it does no harm.

use std::fmt;

use ring::digest::{self, Digest};

use crate::error::Error;

/// Longest request id, in characters.
const MAX_CHARACTERS: usize = 255;

/// The name that a caller gave to one registration. Only its digest is ever kept: whoever reads a
/// stolen database cannot repeat anything.
#[derive(Clone, Copy)]
pub(crate) struct RequestId(Digest);

impl RequestId {
    /// Judges what a caller sent.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_CHARACTERS || !visible {
            return Err(Error::RequestIdInvalid);
        }
        Ok(Self(digest::digest(&digest::SHA256, text.as_bytes())))
    }

    /// SHA-256 of the text.
    pub(crate) fn digest(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// Without the digest: of a short id it tells as much as the id itself.
impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestId").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_ascii_of_some_length_is_a_request_id() {
        for good in ["!", "~", "0197a6f2-6b8f-7c3e", "\"quoted\"", &"x".repeat(255)] {
            assert_eq!(RequestId::parse(good).unwrap().digest().len(), 32, "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "nul\0", "\u{7f}", "é", "１", &"x".repeat(256)] {
            let refused = RequestId::parse(bad);
            assert!(matches!(refused, Err(Error::RequestIdInvalid)), "{bad:?}");
        }
    }

    #[test]
    fn it_is_told_from_others_and_never_printed() {
        let id = RequestId::parse("canary").unwrap();
        assert_eq!(id.digest(), RequestId::parse("canary").unwrap().digest());
        assert_ne!(id.digest(), RequestId::parse("Canary").unwrap().digest());
        assert_eq!(format!("{id:?}"), "RequestId { .. }");
    }
}
