//! Every HTTP request is timed and told to a collector, under the pattern of its route.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use metrics::{Label, gauge};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::telemetry::call::{Call, Kind, Told};
use crate::telemetry::metrics::InUse;
use crate::telemetry::traces::{self, TARGET};

/// What a client can make up is one thing, whatever it is.
const OTHER: &str = "_OTHER";
const UNMATCHED: &str = "unmatched";

/// Middleware, outermost of all: times a request until its answer has been told to the end.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = route(request.extensions().get::<MatchedPath>());
    let in_flight =
        InUse::of(gauge!("http_server_active_requests", "http_request_method" => method));
    let labels = vec![
        Label::from_static_parts("http_request_method", method),
        Label::new("http_route", route.clone()),
    ];
    let span = traces::arriving(&route, || {
        tracing::info_span!(
            target: TARGET,
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
        )
    });
    traces::arrive(&mut request, &span);
    let mut call = Call::begin(Kind::Request, labels, span.clone());
    let response = next.run(request).instrument(span).await;
    call.answered(response.status().as_str().to_owned().into());
    response.map(|body| Told::new(body, call, in_flight).boxed())
}

/// The methods that HTTP knows.
fn method(method: &Method) -> &'static str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    let found = known.iter().position(|known| known == method);
    found.and_then(|place| names.get(place)).unwrap_or(&OTHER)
}

/// A pattern, the same with and without a slash at its end.
fn route(matched: Option<&MatchedPath>) -> String {
    let pattern = matched.map_or(UNMATCHED, MatchedPath::as_str);
    let trimmed = pattern.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_somebody_made_up_are_one() {
        assert_eq!(method(&Method::DELETE), "DELETE");
        for made_up in ["get", "BREW", "x-1"] {
            assert_eq!(method(&Method::from_bytes(made_up.as_bytes()).unwrap()), OTHER);
        }
    }
}
