//! One key of either kind, before it is known what it does.

use token::Error;
use token::keys::{RefreshKey, SigningKey};

use super::ring::Kind;

/// A key that was made just now.
pub(super) enum Key {
    Access(SigningKey),
    Refresh(RefreshKey),
}

impl Key {
    pub(super) fn generate(kind: Kind) -> Result<Self, Error> {
        Ok(match kind {
            Kind::Access => Self::Access(SigningKey::generate()?),
            Kind::Refresh => Self::Refresh(RefreshKey::generate()?),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Access(_) => Kind::Access,
            Self::Refresh(_) => Kind::Refresh,
        }
    }

    pub(super) fn kid(&self) -> &str {
        match self {
            Self::Access(key) => key.public().kid(),
            Self::Refresh(key) => key.kid(),
        }
    }

    /// As it is kept in its file.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Access(key) => key.pkcs8(),
            Self::Refresh(key) => key.as_bytes(),
        }
    }
}
