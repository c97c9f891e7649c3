//! Writes every error in the one shape, whoever made it.

use std::slice;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chassis::request_id;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::{accept, help, limits};

/// Middleware: turns whatever failed inside into JSON.
pub(crate) async fn errors(request: Request, next: Next) -> Response {
    let as_problem = accept::wants_problem(request.headers());
    let region = help::region_of(&request);
    let mut response = if accept::allows_json(request.headers()) {
        next.run(request).await
    } else {
        ApiError::not_acceptable().into_response()
    };
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        None if failed && !is_json(&response) => ApiError::of_status(status),
        None => return response,
    };
    let error = match region {
        Some(region) => error.with_help(region.into()),
        None => error,
    };
    write(response, &error, as_problem)
}

/// Whether a handler has written its answer itself, such as what is not ready.
fn is_json(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json")
}

/// Keeps the headers that are there already, such as `Allow`.
fn write(mut response: Response, error: &ApiError, as_problem: bool) -> Response {
    let mut body = error.extra.clone();
    body.insert("detail".to_owned(), json!(error.detail));
    body.insert("code".to_owned(), json!(error.code));
    body.insert("request_id".to_owned(), json!(request_id::current().unwrap_or_default()));
    let media_type = if as_problem {
        // RFC 9457; our `detail` is the problem's.
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(error.status.canonical_reason()));
        body.insert("status".to_owned(), json!(error.status.as_u16()));
        "application/problem+json"
    } else {
        "application/json"
    };
    *response.status_mut() = error.status;
    *response.body_mut() = Body::from(Value::Object(body).to_string());
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if error.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"api\""));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(turn_id) = error.extra.get("turn_id")
        && let Ok(place) = HeaderValue::from_str(&format!("/api/turns/{turn_id}/"))
    {
        headers.insert(LOCATION, place);
    }
    limits::write(headers, error.limit.as_deref().map_or(&[], slice::from_ref));
    response
}
