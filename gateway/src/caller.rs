//! Who is calling: handlers that need to know take a [`Caller`] and cannot be written without.

use std::time::Duration;

use auth_client::Error;
use axum::extract::FromRequestParts;
use chassis::clock;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;

use crate::backends;
use crate::error::ApiError;
use crate::router::App;

/// Somebody with a verified access token.
pub(crate) struct Caller {
    /// Sent along, so that the service checks it again.
    authorization: AsciiMetadataValue,
}

impl Caller {
    /// A request in the caller's name that tells its deadline.
    pub(crate) fn asks<T>(&self, budget: Duration, message: T) -> Request<T> {
        let mut request = backends::within(budget, message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        request
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let now = clock::unix_seconds(clock::now());
        app.verifier.authenticate(&parts.headers, now).await?;
        let header = parts.headers.get(AUTHORIZATION).map(AsRef::as_ref);
        let authorization =
            header.and_then(|value: &[u8]| AsciiMetadataValue::try_from(value).ok());
        Ok(Self { authorization: authorization.ok_or(Error::Malformed)? })
    }
}

/// Somebody who need not be logged in; but whoever comes with a token comes with a good one.
pub(crate) struct Anyone;

impl FromRequestParts<App> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let now = clock::unix_seconds(clock::now());
        match app.verifier.authenticate(&parts.headers, now).await {
            Ok(_) | Err(Error::Missing) => Ok(Self),
            Err(error) => Err(error.into()),
        }
    }
}
