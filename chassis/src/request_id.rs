//! One id per request, through every service it touches, in every log line and in the answer.

use std::future::Future;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::telemetry::traces::Place;

/// The header, and the gRPC metadata key.
pub const HEADER: HeaderName = HeaderName::from_static(NAME);

const NAME: &str = "x-request-id";

/// Longest id taken from a caller, and longest path that is logged.
const MAX_LENGTH: usize = 128;
/// Asked every few seconds by machines, and of no interest unless something is wrong.
const PROBES: [&str; 3] = ["livez", "readyz", "grpc.health."];

tokio::task_local! {
    static CURRENT: Current;
}

/// The request that a task works for.
#[derive(Clone)]
struct Current {
    id: String,
    /// Where it stands in its trace.
    place: Option<Place>,
    /// What a collector is told of it.
    span: Span,
    /// What stands in each line of the log.
    line: Span,
}

/// The request that something is done for, wherever it is done.
pub struct Scope(Option<Current>);

impl Scope {
    /// That of the request that this task works for, if there is one.
    #[must_use]
    pub fn current() -> Self {
        Self(CURRENT.try_with(Clone::clone).ok())
    }

    /// Works for that request.
    pub async fn run<F: Future>(self, task: F) -> F::Output {
        match self.0 {
            Some(current) => {
                // Each kind of span is found only where it was entered itself, not through what is below it.
                let task = task.instrument(current.span.clone()).instrument(current.line.clone());
                CURRENT.scope(current, task).await
            }
            None => task.await,
        }
    }
}

/// The id of the request this task works for.
#[must_use]
pub fn current() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Where the request that this task works for stands in its trace.
pub(crate) fn place() -> Option<Place> {
    CURRENT.try_with(|current| current.place.clone()).ok().flatten()
}

/// Whether a collector is told of the request that this task works for.
pub(crate) fn is_traced() -> bool {
    CURRENT.try_with(|current| !current.span.is_disabled()).unwrap_or(false)
}

/// Whether a machine asks only whether we are well.
pub(crate) fn is_probe(route: &str) -> bool {
    let route = route.trim_start_matches('/');
    PROBES.iter().any(|probe| route.starts_with(probe))
}

/// Middleware: takes the caller's id or makes one, logs the request under it, and sends it back.
pub async fn track(mut request: Request, next: Next) -> Response {
    let id = accept(request.headers().get(HEADER)).unwrap_or_else(|| Uuid::now_v7().to_string());
    let header = HeaderValue::from_str(&id).ok();
    if let Some(header) = &header {
        request.headers_mut().insert(HEADER, header.clone());
    }
    let route = route(&request);
    let is_probe = is_probe(&route);
    let method = request.method().clone();
    let (place, traced) = (request.extensions().get::<Place>().cloned(), Span::current());
    let trace_id = place.as_ref().map(Place::trace);
    let span = tracing::info_span!("request", trace_id, request_id = %id, %method, %route);
    let started = Instant::now();
    let answer = async {
        let mut response = next.run(request).await;
        if let Some(header) = header {
            response.headers_mut().insert(HEADER, header);
        }
        let status = response.status().as_u16();
        let grpc_status = response.headers().get("grpc-status").and_then(|code| code.to_str().ok());
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if is_probe {
            tracing::debug!(status, grpc_status, micros, "answered");
        } else {
            tracing::info!(status, grpc_status, micros, "answered");
        }
        response
    };
    let current = Current { id, place, span: traced, line: span.clone() };
    CURRENT.scope(current, answer.instrument(span)).await
}

/// Where a request goes, as the router knows it: a path of a client's own making, and a query
/// string above all, may hold anything.
fn route(request: &Request) -> String {
    let Some(pattern) = request.extensions().get::<MatchedPath>() else {
        return "unmatched".to_owned();
    };
    // One pattern stands for all methods of a gRPC service; their names are plain.
    let path = request.uri().path();
    let plain = path.len() <= MAX_LENGTH
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    if pattern.as_str().ends_with("/{*rest}") && plain {
        return path.to_owned();
    }
    pattern.as_str().to_owned()
}

/// Letters, digits, `.`, `_` and `-` only: an id ends up in logs, where it must not forge lines.
fn accept(header: Option<&HeaderValue>) -> Option<String> {
    let id = header?.to_str().ok()?;
    let fits = !id.is_empty() && id.len() <= MAX_LENGTH;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    (fits && plain).then(|| id.to_owned())
}

/// Sends the current id along with every outgoing gRPC call.
#[derive(Clone, Copy, Debug)]
pub struct Forward;

impl Interceptor for Forward {
    fn call(
        &mut self,
        mut request: tonic::Request<()>,
    ) -> Result<tonic::Request<()>, tonic::Status> {
        if let Some(id) = current().and_then(|id| MetadataValue::try_from(id).ok()) {
            request.metadata_mut().insert(NAME, id);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_from_callers() {
        let taken = |id: &str| accept(HeaderValue::from_str(id).ok().as_ref()).is_some();
        assert!(taken("0197-abc_DEF.9"));
        assert!(taken(&"a".repeat(128)));
        assert!(!taken(&"a".repeat(129)));
        assert!(!taken(""));
        assert!(!taken("a b"));
        assert!(!taken("a\tb"));
        assert!(!taken("{\"level\":\"error\"}"));
        assert_eq!(accept(None), None);
    }

    #[tokio::test]
    async fn a_spawned_task_works_for_the_same_request() {
        let tasks = crate::tasks::Tasks::new();
        let (span, line) = (Span::none(), Span::none());
        let ada = Current { id: "ada-1".to_owned(), place: None, span, line };
        let seen =
            CURRENT.scope(ada, async { tasks.spawn(async { current() }).await }).await.unwrap();
        assert_eq!(seen.as_deref(), Some("ada-1"));
    }
}
