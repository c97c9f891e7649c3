//! What is done for one account, or for one request, is done one after the other.

use database::Lock;

use crate::request_ids::RequestId;

/// What is done with an account.
pub(super) const fn account(user_id: i64) -> Lock {
    Lock::of(1, user_id)
}

/// What is done for a request: two of equal beginnings wait for each other, which is all.
pub(super) fn request(id: &RequestId) -> Lock {
    let number = id.digest().iter().take(6).fold(0, |number, byte| number << 8 | i64::from(*byte));
    Lock::of(2, number)
}
