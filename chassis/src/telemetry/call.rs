//! A request or a call on its way: how long it takes, and how it ends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use metrics::{Label, SharedString, histogram};
use tonic::Code;

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

/// A request or a call on its way. Whatever becomes of it is written down when it is dropped.
pub(crate) struct Call {
    metric: &'static str,
    labels: Vec<Label>,
    status_label: &'static str,
    status: SharedString,
    started: Instant,
}

impl Call {
    /// An HTTP request. Unless it is answered, whoever asked has hung up: servers say 499.
    pub(crate) fn http(labels: Vec<Label>) -> Self {
        let metric = "http_server_request_duration_seconds";
        Self::begin(metric, labels, "http_response_status_code", "499")
    }

    /// A gRPC call, answered or made. Unless it ends, somebody has broken it off.
    pub(crate) fn grpc(metric: &'static str, method: SharedString) -> Self {
        let labels = vec![
            Label::from_static_parts("rpc_system_name", "grpc"),
            Label::new("rpc_method", method),
        ];
        Self::begin(metric, labels, "rpc_response_status_code", name(Code::Cancelled))
    }

    fn begin(
        metric: &'static str,
        labels: Vec<Label>,
        status_label: &'static str,
        broken_off: &'static str,
    ) -> Self {
        let (status, started) = (broken_off.into(), Instant::now());
        Self { metric, labels, status_label, status, started }
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
        let mut labels = std::mem::take(&mut self.labels);
        labels.push(Label::new(self.status_label, self.status.clone()));
        histogram!(self.metric, labels).record(self.started.elapsed());
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
