//! Requests that something in front of us could read in another way than we do (RFC 9112 3.2, 6.1, 7.1).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode, Version};

use crate::error::ApiError;

/// Middleware: refuses them before anything is done, and hangs up: what follows on the connection may
/// be no request.
pub(crate) async fn unambiguous(request: Request, next: Next) -> Response {
    if !is_ambiguous(request.version(), request.headers()) {
        return next.run(request).await;
    }
    let mut response = ApiError::of_status(StatusCode::BAD_REQUEST).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether it is written in chunks in any way but the usual one, or is not for exactly one host. Later
/// versions have frames for the one and a pseudo-header for the other.
fn is_ambiguous(version: Version, headers: &HeaderMap) -> bool {
    if version > Version::HTTP_11 {
        return false;
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_odd = |coding: &HeaderValue| !coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let hosts = headers.get_all(HOST).iter().count();
    codings.next().is_some_and(is_odd)
        || codings.next().is_some()
        || hosts > 1
        || (hosts == 0 && version == Version::HTTP_11)
}
