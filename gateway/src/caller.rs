//! Who is calling: handlers that need to know take a [`Caller`] and cannot be written without.

use std::time::Duration;

use auth_client::Error;
use axum::extract::FromRequestParts;
use chassis::telemetry::traces;
use chassis::{clock, grpc, request_id};
use http::HeaderName;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use http::request::Parts;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;

use crate::backends::{self, READ};
use crate::error::ApiError;
use crate::language;
use crate::router::App;

/// Somebody with a verified access token.
pub(crate) struct Caller {
    /// Sent along, so that the service checks it again.
    authorization: AsciiMetadataValue,
    /// Sent along even when the answer has begun and the request is no longer current: a long list
    /// asks for more after that.
    request_id: Option<AsciiMetadataValue>,
    /// The same for where it stands in its trace.
    trace: Option<AsciiMetadataValue>,
    /// Sent along, so that help comes in a language the person reads.
    languages: Option<AsciiMetadataValue>,
}

impl Caller {
    /// A request in the caller's name that tells its deadline.
    pub(crate) fn asks<T>(&self, budget: Duration, message: T) -> Request<T> {
        self.sign(backends::within(budget, message))
    }

    /// A request in the caller's name that changes nothing.
    pub(crate) fn reads<T>(&self, message: T) -> Request<T> {
        grpc::repeatable(self.asks(READ, message))
    }

    /// A request in the caller's name whose answer takes as long as it takes.
    pub(crate) fn asks_at_length<T>(&self, message: T) -> Request<T> {
        self.sign(Request::new(message))
    }

    fn sign<T>(&self, mut request: Request<T>) -> Request<T> {
        request.metadata_mut().insert("authorization", self.authorization.clone());
        if let Some(id) = &self.request_id {
            request.metadata_mut().insert("x-request-id", id.clone());
        }
        if let Some(place) = &self.trace {
            request.metadata_mut().insert(traces::HEADER, place.clone());
        }
        if let Some(languages) = &self.languages {
            request.metadata_mut().insert(ACCEPT_LANGUAGE.as_str(), languages.clone());
        }
        request
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let now = clock::unix_seconds(clock::now());
        app.verifier.authenticate(&parts.headers, now).await?;
        let metadata = |name: HeaderName| {
            let value = parts.headers.get(name)?.as_bytes();
            AsciiMetadataValue::try_from(value).ok()
        };
        let authorization = metadata(AUTHORIZATION).ok_or(Error::Malformed)?;
        let languages = language::accepted(&parts.headers);
        let languages = languages.and_then(|list| AsciiMetadataValue::try_from(list).ok());
        let trace = traces::header();
        let trace = trace.and_then(|place| AsciiMetadataValue::try_from(place.as_bytes()).ok());
        Ok(Self { authorization, request_id: metadata(request_id::HEADER), trace, languages })
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
