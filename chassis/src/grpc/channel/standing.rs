//! How a replica is, as far as we know.

/// How a replica is. The better, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It cannot be reached, or is none of ours.
    Unreachable,
    /// It does not answer in time.
    Silent,
    /// It answers that it does not serve.
    NotServing,
    /// It serves.
    Well,
}

impl Standing {
    /// Whether it answers at all.
    pub(super) fn answers(self) -> bool {
        self >= Self::NotServing
    }
}
