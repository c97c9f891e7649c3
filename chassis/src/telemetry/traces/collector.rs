//! The collector, as far as we know it: whether it takes what it is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::counter;
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tonic::transport::Endpoint;

/// For a connection, and for taking a few hundred spans.
const CONNECT: Duration = Duration::from_secs(2);
const TAKE: Duration = Duration::from_secs(10);

/// Tells spans, counts them, and says once when that begins to fail and once when it works again.
#[derive(Debug)]
pub(super) struct Collector {
    otlp: Otlp,
    is_failing: AtomicBool,
}

impl Collector {
    pub(super) fn at(endpoint: Endpoint) -> anyhow::Result<Self> {
        let channel = endpoint.connect_timeout(CONNECT).timeout(TAKE).connect_lazy();
        let otlp = Otlp::builder().with_tonic().with_channel(channel).with_timeout(TAKE).build()?;
        Ok(Self { otlp, is_failing: AtomicBool::new(false) })
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let taken = self.otlp.export(batch).await;
        let error = if taken.is_ok() { "" } else { "not_taken" };
        counter!("otel_sdk_exporter_span_exported_total", "error_type" => error).increment(spans);
        match (&taken, self.is_failing.swap(taken.is_err(), Ordering::Relaxed)) {
            // What the collector says about it may be anything.
            (Err(_), false) => tracing::warn!(spans, "the collector does not take our traces"),
            (Ok(()), true) => tracing::info!("the collector takes our traces again"),
            _ => {}
        }
        taken
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
