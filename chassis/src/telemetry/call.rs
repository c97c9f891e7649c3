//! A request or a call on its way: how long it takes, and how it ends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use metrics::{Label, SharedString, histogram};
use tonic::Code;
use tracing::Span;

/// Names of gRPC's codes, in their order.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What gRPC calls a code.
pub(crate) fn name(code: Code) -> &'static str {
    usize::try_from(i32::from(code)).ok().and_then(|place| CODES.get(place)).unwrap_or(&"UNKNOWN")
}

/// What is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An HTTP request.
    Request,
    /// A gRPC call that is answered here.
    Answered,
    /// A gRPC call of ours.
    Made,
}

impl Kind {
    fn metric(self) -> &'static str {
        match self {
            Self::Request => "http_server_request_duration_seconds",
            Self::Answered => "rpc_server_call_duration_seconds",
            Self::Made => "rpc_client_call_duration_seconds",
        }
    }

    /// The label of its end, and the field of its span.
    fn end(self) -> (&'static str, &'static str) {
        match self {
            Self::Request => ("http_response_status_code", "http.response.status_code"),
            Self::Answered | Self::Made => ("rpc_response_status_code", "rpc.response.status_code"),
        }
    }

    /// How it ends unless something else is known: somebody has broken it off. Servers call that 499.
    fn broken_off(self) -> &'static str {
        if self == Self::Request { "499" } else { name(Code::Cancelled) }
    }

    /// Whether it is our fault, or, of a call of ours, whether we got nothing.
    fn is_failure(self, status: &str) -> bool {
        let ours = ["UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];
        match self {
            Self::Request => status.starts_with('5'),
            Self::Answered => status == "UNIMPLEMENTED" || ours.contains(&status),
            Self::Made => status != "OK",
        }
    }
}

/// A request or a call on its way. Whatever becomes of it is written down when it is dropped.
pub(crate) struct Call {
    kind: Kind,
    labels: Vec<Label>,
    status: SharedString,
    started: Instant,
    span: Span,
}

impl Call {
    /// One that begins now. A collector is told of it as `span`.
    pub(crate) fn begin(kind: Kind, labels: Vec<Label>, span: Span) -> Self {
        let (status, started) = (kind.broken_off().into(), Instant::now());
        Self { kind, labels, status, started, span }
    }

    /// A gRPC call.
    pub(crate) fn grpc(kind: Kind, method: SharedString, span: Span) -> Self {
        let system = Label::from_static_parts("rpc_system_name", "grpc");
        Self::begin(kind, vec![system, Label::new("rpc_method", method)], span)
    }

    /// What it was answered with.
    pub(crate) fn answered(&mut self, status: SharedString) {
        self.status = status;
    }

    /// What it ended with, if headers or trailers say so.
    pub(crate) fn read(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.status = name(Code::from_bytes(code.as_bytes())).into();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let (label, field) = self.kind.end();
        let mut labels = std::mem::take(&mut self.labels);
        labels.push(Label::new(label, self.status.clone()));
        histogram!(self.kind.metric(), labels).record(self.started.elapsed());
        if !self.span.is_disabled() {
            self.span.record(field, &*self.status);
            if self.kind.is_failure(&self.status) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
    }
}

/// A body that is told until its end, or until nobody wants it any more.
pub(crate) struct Told<B, W> {
    body: B,
    call: Call,
    /// What else ends with it.
    _with: W,
}

impl<B, W> Told<B, W>
where
    B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
    W: Send + Unpin + 'static,
{
    /// The body of `call`.
    pub(crate) fn new(body: B, call: Call, with: W) -> Self {
        Self { body, call, _with: with }
    }

    /// The same, for a server.
    pub(crate) fn boxed(self) -> Body {
        Body::new(self)
    }
}

impl<B, W> hyper::body::Body for Told<B, W>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    W: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.read(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_that_grpc_gives_them() {
        assert_eq!(name(Code::Ok), "OK");
        assert_eq!(name(Code::DeadlineExceeded), "DEADLINE_EXCEEDED");
        assert_eq!(name(Code::Unauthenticated), "UNAUTHENTICATED");
        assert_eq!(name(Code::from_bytes(b"99")), "UNKNOWN");
    }
}
