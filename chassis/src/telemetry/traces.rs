//! Traces: what one request did in which service, told to an OpenTelemetry collector.
//!
//! A service that has no collector passes on where a request stands in its trace, and logs under it. With one,
//! spans are put in a bounded queue and told by a thread of its own: a collector that is slow or gone costs
//! spans, never a request. Only spans made for that ([`TARGET`]) are told, whatever `RUST_LOG` says, and
//! they hold names, numbers and durations: no words of anybody, no statements, no headers.

mod collector;
mod config;
mod place;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

use self::collector::Collector;
use crate::request_id;

pub(crate) use config::Config;
pub use place::HEADER;
pub(crate) use place::Place;

/// What spans for a collector are made with: `info_span!(target: TARGET, …)`. Log lines do not show them.
pub const TARGET: &str = "traced";

/// The longest that the end of a process waits for a collector.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A span, if this task works for a request that is told: what runs beside requests all day is no story.
pub fn within_request(span: impl FnOnce() -> Span) -> Span {
    if request_id::is_traced() { span() } else { Span::none() }
}

/// The span of a request that arrives at `route`, unless only whether we are well is asked.
pub(crate) fn arriving(route: &str, span: impl FnOnce() -> Span) -> Span {
    if request_id::is_probe(route) { Span::none() } else { span() }
}

/// A request has arrived, and `span` tells of it: it goes on where its caller stands in a trace, or begins one.
pub(crate) fn arrive<B>(request: &mut Request<B>, span: &Span) {
    let before = Place::read(request.headers());
    if let Some(before) = &before {
        before.adopt(span);
    }
    let place = Place::of(span).or(before).unwrap_or_else(Place::begin);
    request.extensions_mut().insert(place);
}

/// A call leaves, and `span` tells of it: whoever is called goes on from there. Without one, from where the
/// request stands that this task works for; and what was said already holds where there is none.
pub(crate) fn depart(headers: &mut HeaderMap, span: &Span) {
    let place = Place::of(span).or_else(request_id::place);
    if let Some(header) = place.and_then(|place| place.header()) {
        headers.insert(HEADER, header);
    }
}

/// What a call says that is made for a request whose answer has begun already.
#[must_use]
pub fn header() -> Option<HeaderValue> {
    request_id::place()?.header()
}

/// Ours, and no events: those are log lines.
fn told() -> FilterFn {
    let is_told: fn(&Metadata<'_>) -> bool = |meta| meta.is_span() && meta.target() == TARGET;
    FilterFn::new(is_told).with_max_level_hint(LevelFilter::INFO)
}

/// The way to the collector.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Connects when there is something to tell. Must be called within a runtime.
    pub(crate) fn start(config: &Config) -> anyhow::Result<Self> {
        let collector = Collector::at(config.endpoint.clone())?;
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(collector).build())
            .with_sampler(config.sampler.clone())
            .with_resource(config.resource())
            .build();
        Ok(Self(provider))
    }

    /// What makes spans of tracing those of OpenTelemetry.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        OpenTelemetryLayer::new(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(told())
    }

    /// Tells what is still to be told, if the collector takes it soon.
    pub(crate) fn stop(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_WORDS) {
            tracing::warn!(%error, "the last spans were not told to the collector");
        }
    }
}
