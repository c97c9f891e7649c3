//! Whose password is tried.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use crate::usernames::Username;

/// What stands for an account where tries are counted: names may be long.
pub(super) type Digest = [u8; 32];

/// An account, by what its name comes down to: there or not, spelled this way or that.
pub(crate) struct Target<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(super) digest: Digest,
}

impl<'a> Target<'a> {
    pub(crate) fn of(username: &'a str) -> Self {
        let key = Username::key_of(username);
        let mut hash = Digest::default();
        hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
        Self { key, digest: hash }
    }
}
