//! Who is calling.
//!
//! Fetches the public keys of the auth service, follows what it takes back, and verifies access tokens
//! locally. The only way to a [`Principal`] leads through a verified token, so a function that asks
//! for one cannot be called for somebody who has not logged in.

mod error;
mod keys;
mod questions;
mod revocations;

use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::revocation_service_client::RevocationServiceClient;
use token::bearer::{self, Bearer};
use token::keys::PublicKey;
use token::{Subject, access};
use tokio_util::sync::CancellationToken;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::header::AUTHORIZATION;

pub use error::Error;
pub use token::Error as TokenError;

use crate::questions::Questions;
use crate::revocations::{Revocations, Verdict};

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

/// Verifies tokens. Clones share what they know.
#[derive(Clone)]
pub struct Verifier {
    keys: keys::Cache,
    questions: Questions,
    revocations: Revocations,
}

impl Verifier {
    /// A verifier that will ask the auth service behind `channel` for its keys and for what it took back.
    #[must_use]
    pub fn new(channel: chassis::grpc::Channel) -> Self {
        let client = AuthServiceClient::new(channel.clone());
        Self {
            keys: keys::Cache::new(client.clone()),
            questions: Questions::new(client),
            revocations: Revocations::new(RevocationServiceClient::new(channel)),
        }
    }

    /// Fetches the keys, again and again until it works, then every five minutes, and listens to what is
    /// taken back, until `stop`.
    pub async fn keep_fresh(&self, stop: CancellationToken) {
        let take_over = |keys| {
            self.keys.replace(keys);
        };
        tokio::join!(self.keys.keep_fresh(stop.clone()), self.revocations.follow(take_over, stop));
    }

    /// Returns once tokens can be judged.
    pub async fn ready(&self) {
        self.keys.ready().await;
        self.revocations.ready().await;
    }

    /// Whether tokens can be judged.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys.is_ready() && self.revocations.is_ready()
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

    /// Verifies an access token at `now` (seconds since the epoch). Where the auth service has not been
    /// heard of for 15 s, it is asked about this very token; a token is never taken for good because
    /// nobody answers.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Principal, Error> {
        let key = self.keys.find(&access::kid(token)?).await?;
        let subject = access::verify(&key, token, now)?.subject;
        match self.revocations.judge(&subject, now) {
            Verdict::Good => Ok(Principal { subject }),
            Verdict::TakenBack => Err(token::Error::Invalid.into()),
            Verdict::Unknown => {
                self.questions.ask(token).await?;
                Ok(Principal { subject })
            }
        }
    }
}
