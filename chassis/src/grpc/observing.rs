//! Every gRPC call is timed and told to a collector on both ends, under the name of its method.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::Service;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::telemetry::call::{Call, Kind, Told, name};
use crate::telemetry::traces::{self, TARGET};

/// What a caller can make up is one thing, whatever it is.
const OTHER: &str = "_OTHER";

/// The methods that a server knows, as `package.Service/Method`.
#[derive(Clone, Default)]
pub(super) struct Methods(Arc<HashSet<Arc<str>>>);

impl Methods {
    /// All methods that encoded `FileDescriptorSet`s describe.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) fn of(descriptors: &[&[u8]]) -> anyhow::Result<Self> {
        let mut methods = HashSet::new();
        for encoded in descriptors {
            for file in FileDescriptorSet::decode(*encoded)?.file {
                for service in &file.service {
                    let names = service.method.iter().map(|method| {
                        format!("{}.{}/{}", file.package(), service.name(), method.name())
                    });
                    methods.extend(names.map(Arc::from));
                }
            }
        }
        Ok(Self(Arc::new(methods)))
    }

    /// The method of a path.
    fn name(&self, path: &str) -> Arc<str> {
        self.0.get(path.trim_start_matches('/')).cloned().unwrap_or_else(|| OTHER.into())
    }
}

/// Middleware, outermost of all: times a call until its end.
pub(super) async fn observe(
    State(methods): State<Methods>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = methods.name(request.uri().path());
    let span = traces::arriving(&method, || {
        tracing::info_span!(
            target: TARGET,
            "call",
            otel.name = &*method,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = &*method,
            rpc.response.status_code = Empty,
        )
    });
    traces::arrive(&mut request, &span);
    let mut call = Call::grpc(Kind::Answered, method.into(), span.clone());
    let response = next.run(request).instrument(span).await;
    call.read(response.headers());
    response.map(|body| Told::new(body, call, ()).boxed())
}

/// Times the calls that go through it. Their methods are those that a contract names: nobody makes them up.
#[derive(Debug, Clone)]
pub struct Observed<S>(pub(super) S);

impl<S> Service<http::Request<Body>> for Observed<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().trim_start_matches('/').to_owned();
        let span = traces::within_request(|| {
            tracing::info_span!(
                target: TARGET,
                "call",
                otel.name = method,
                otel.kind = "client",
                otel.status_code = Empty,
                rpc.system.name = "grpc",
                rpc.method = method,
                rpc.response.status_code = Empty,
            )
        });
        traces::depart(request.headers_mut(), &span);
        let mut call = Call::grpc(Kind::Made, method.into(), span);
        let answer = self.0.call(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => {
                    call.read(response.headers());
                    Ok(response.map(|body| Body::new(Told::new(body, call, ()))))
                }
                Err(error) => {
                    call.answered(name(Code::Unavailable).into());
                    Err(error)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_nobody_described_are_one() {
        let methods = Methods::of(&[tonic_health::pb::FILE_DESCRIPTOR_SET]).unwrap();
        assert_eq!(&*methods.name("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health/Check");
        for made_up in ["/grpc.health.v1.Health/Chat", "/a.B/C", "/", ""] {
            assert_eq!(&*methods.name(made_up), OTHER, "{made_up}");
        }
    }
}
