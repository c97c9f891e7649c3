//! Who is calling.
//!
//! Fetches the public keys of the auth service, keeps them fresh, and verifies access tokens with
//! them locally. The only way to a [`Principal`] leads through a verified token, so a function that
//! asks for one cannot be called for somebody who has not logged in.

mod error;
mod keys;

use proto::auth::v1::auth_service_client::AuthServiceClient;
use token::bearer::{self, Bearer};
use token::keys::PublicKey;
use token::{Subject, access};
use tokio_util::sync::CancellationToken;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::header::AUTHORIZATION;

pub use error::Error;
pub use token::Error as TokenError;

/// Whom a call is made for: proof that a token was verified.
#[derive(Debug, Clone)]
pub struct Principal {
    subject: Subject,
}

impl Principal {
    /// The account's number.
    #[must_use]
    pub fn user_id(&self) -> i64 {
        self.subject.user_id
    }
}

/// Verifies tokens. Clones share the keys.
#[derive(Clone)]
pub struct Verifier {
    keys: keys::Cache,
}

impl Verifier {
    /// A verifier that will ask the auth service behind `channel` for its keys.
    #[must_use]
    pub fn new(channel: chassis::grpc::Channel) -> Self {
        Self { keys: keys::Cache::new(AuthServiceClient::new(channel)) }
    }

    /// Fetches the keys, again and again until it works, then every five minutes until `stop`.
    pub async fn keep_fresh(&self, stop: CancellationToken) {
        self.keys.keep_fresh(stop).await;
    }

    /// Returns once there are keys to verify with.
    pub async fn ready(&self) {
        self.keys.ready().await;
    }

    /// Whether there are keys to verify with.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys.is_ready()
    }

    /// The keys that tokens are verified with at this moment, by their names. Empty before the first
    /// ones have come.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys.all()
    }

    /// Verifies the token in the `authorization` header of a request, at `now` (seconds since the
    /// epoch).
    pub async fn authenticate(&self, headers: &HeaderMap, now: u64) -> Result<Principal, Error> {
        match bearer::parse(headers.get_all(AUTHORIZATION).iter().map(AsRef::as_ref)) {
            Bearer::Absent => Err(Error::Missing),
            Bearer::Malformed => Err(Error::Malformed),
            Bearer::Token(token) => self.verify(token, now).await,
        }
    }

    /// Verifies an access token at `now` (seconds since the epoch).
    pub async fn verify(&self, token: &str, now: u64) -> Result<Principal, Error> {
        let key = self.keys.find(&access::kid(token)?).await?;
        let claims = access::verify(&key, token, now)?;
        Ok(Principal { subject: claims.subject })
    }
}
