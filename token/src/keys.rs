//! The keys: a pair for access tokens, a secret for refresh tokens.

use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::{Error, envelope, provider};

/// Bytes of an Ed25519 public key (RFC 8032).
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of a refresh key: as long as the MAC, so that it is never the weaker part (RFC 7518 3.2).
pub const REFRESH_KEY_BYTES: usize = 32;

/// `N` bytes from the operating system's generator.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Entropy)?;
    Ok(bytes)
}

/// The private half of an access key. Only the auth service holds one.
pub struct SigningKey {
    pkcs8: SecretSlice<u8>,
    public: PublicKey,
    pub(crate) encoding: EncodingKey,
}

impl SigningKey {
    /// Makes a new pair.
    pub fn generate() -> Result<Self, Error> {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::Entropy)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a pair as [`SigningKey::pkcs8`] gave it.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        provider::install();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| Error::Key)?;
        let public = PublicKey::from_bytes(pair.public_key().as_ref())?;
        Ok(Self { pkcs8: pkcs8.to_vec().into(), public, encoding: EncodingKey::from_ed_der(pkcs8) })
    }

    /// The PKCS#8 document (RFC 8410), for the file it is kept in.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        self.pkcs8.expose_secret()
    }

    /// The half that may be given away.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// The public half of an access key, and its name.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kid: String,
    bytes: [u8; PUBLIC_KEY_BYTES],
    pub(crate) decoding: DecodingKey,
}

impl PublicKey {
    /// Reads 32 raw bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        provider::install();
        let bytes: [u8; PUBLIC_KEY_BYTES] = bytes.try_into().map_err(|_| Error::Key)?;
        Ok(Self { kid: thumbprint(&bytes), bytes, decoding: DecodingKey::from_ed_der(&bytes) })
    }

    /// The key's name in token headers: its RFC 7638 thumbprint, 43 characters.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as JSON Web Keys write it (RFC 8037), their member `x`.
    #[must_use]
    pub fn x(&self) -> String {
        envelope::base64url(&self.bytes)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.bytes
    }
}

/// RFC 7638 over the members RFC 8037 requires for an Ed25519 key, in lexicographic order.
fn thumbprint(bytes: &[u8]) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, envelope::base64url(bytes));
    envelope::base64url(ring::digest::digest(&ring::digest::SHA256, jwk.as_bytes()).as_ref())
}

/// The secret behind refresh tokens. Only the auth service holds one.
pub struct RefreshKey {
    kid: String,
    bytes: SecretSlice<u8>,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

impl RefreshKey {
    /// Makes a new secret.
    pub fn generate() -> Result<Self, Error> {
        Self::from_bytes(&random_bytes::<REFRESH_KEY_BYTES>()?)
    }

    /// Reads a secret as [`RefreshKey::as_bytes`] gave it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        provider::install();
        if bytes.len() != REFRESH_KEY_BYTES {
            return Err(Error::Key);
        }
        // The name is a digest of the secret, so that it survives a restart without a file of its own.
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        let name = digest.as_ref().get(..6).map(envelope::base64url).unwrap_or_default();
        Ok(Self {
            kid: format!("r-{name}"),
            bytes: bytes.to_vec().into(),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        })
    }

    /// The key's name in token headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The secret, for the file it is kept in.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_bytes_under_the_same_name() {
        let signing = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(signing.pkcs8()).unwrap();
        assert_eq!(signing.public().kid(), again.public().kid());
        assert_eq!(signing.public().kid().len(), 43);
        let refresh = RefreshKey::generate().unwrap();
        assert_eq!(refresh.kid(), RefreshKey::from_bytes(refresh.as_bytes()).unwrap().kid());
    }

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037_appendix_a_3() {
        let x = envelope::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = PublicKey::from_bytes(&x).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.x(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        assert!(PublicKey::from_bytes(&[0; 31]).is_err());
        assert!(PublicKey::from_bytes(&[0; 33]).is_err());
        assert!(RefreshKey::from_bytes(&[]).is_err());
        assert!(RefreshKey::from_bytes(&[1; 31]).is_err());
        assert!(SigningKey::from_pkcs8(b"not a key").is_err());
    }
}
