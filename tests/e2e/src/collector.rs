//! A collector of traces for tests: a real OTLP server that keeps what it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A span, as far as tests look at it.
#[derive(Debug, Clone)]
pub struct Span {
    /// Which program told of it.
    pub service: String,
    /// What happened.
    pub name: String,
    /// `server`, `client`, `internal`.
    pub kind: i32,
    /// The number of its trace, in hexadecimal.
    pub trace: String,
    /// Its own.
    pub id: String,
    /// That of the span above it; empty: there is none.
    pub parent: String,
    /// What else is told of it.
    pub attributes: BTreeMap<String, String>,
    /// Whether it failed.
    pub has_failed: bool,
}

/// A collector that is listening until it is dropped.
pub struct Collector {
    address: String,
    told: Told,
    _serving: JoinSet<()>,
}

/// What it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// All of it, as it prints.
    texts: Vec<String>,
}

impl Collector {
    /// One on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let address = listener.local_addr().expect("an address").to_string();
        let told = Told::default();
        let server = Server::builder().add_service(TraceServiceServer::new(told.clone()));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let outcome = server.serve_with_incoming(TcpIncoming::from(listener)).await;
            outcome.expect("it should serve");
        });
        Self { address, told, _serving: serving }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// Everything so far, as it prints.
    #[must_use]
    pub fn text(&self) -> String {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).texts.join("\n")
    }

    /// Waits until what was told is as expected, and returns that.
    pub async fn once(&self, expected: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let told = async {
            loop {
                let spans = self.spans();
                if expected(&spans) {
                    return spans;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await;
        told.unwrap_or_else(|_| panic!("not as expected: {:#?}", self.spans()))
    }
}

#[tonic::async_trait]
impl TraceService for Told {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.texts.push(format!("{request:?}"));
        for resource in request.resource_spans {
            let attributes = resource.resource.map(|told| told.attributes).unwrap_or_default();
            let service = plain(attributes).remove("service.name").unwrap_or_default();
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            kept.spans.extend(spans.map(|span| Span {
                service: service.clone(),
                name: span.name,
                kind: span.kind,
                trace: hexadecimal(&span.trace_id),
                id: hexadecimal(&span.span_id),
                parent: hexadecimal(&span.parent_span_id),
                attributes: plain(span.attributes),
                has_failed: span.status.is_some_and(|status| status.code == 2),
            }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn plain(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let plain = attributes.into_iter().map(|KeyValue { key, value, .. }| {
        let value = match value.and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (key, value)
    });
    plain.collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
