//! Numbers for Prometheus, on a port of their own that no client reaches.
//!
//! Whoever has something to count says so where it happens, through the macros of the `metrics` crate; without a
//! port nothing is kept. Everything that is measured is declared ([`Measure`]), with its name after
//! Prometheus' manner, what it means and, for what is timed, its buckets. Labels have few values, all of
//! them ours: no path, name or id that a client can choose.

mod process;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use ::http::header::CONTENT_TYPE;
use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use metrics::{Gauge, Recorder as _, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http::{self, Limits};
use crate::process::About;

/// How Prometheus' text format is named.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Between two looks at whether what was timed can be put together; without them it would pile up where nobody
/// asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Buckets of requests and calls, in seconds: those of OpenTelemetry's conventions for HTTP and RPC.
pub const SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Something that is measured.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name, as Prometheus shows it.
    pub name: &'static str,
    /// What it says, in a few words.
    pub what: &'static str,
    /// How it is counted.
    pub kind: Kind,
}

/// How something is counted.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Values are counted by size; these are the upper ends of the buckets.
    Histogram(&'static [f64]),
}

/// What every process measures.
pub const MEASURES: [Measure; 12] = [
    Measure {
        name: "http_server_request_duration_seconds",
        what: "HTTP requests, until their answer has been handed over to the end",
        kind: Kind::Histogram(SECONDS),
    },
    Measure {
        name: "http_server_active_requests",
        what: "HTTP requests in flight",
        kind: Kind::Gauge,
    },
    Measure {
        name: "rpc_server_call_duration_seconds",
        what: "gRPC calls answered, until their end",
        kind: Kind::Histogram(SECONDS),
    },
    Measure {
        name: "rpc_client_call_duration_seconds",
        what: "gRPC calls made, until their end",
        kind: Kind::Histogram(SECONDS),
    },
    Measure {
        name: "otel_sdk_exporter_span_exported_total",
        what: "spans told to the collector",
        kind: Kind::Counter,
    },
    Measure { name: "build_info", what: "1; its labels say what runs", kind: Kind::Gauge },
    Measure { name: "process_resident_memory_bytes", what: "memory in use", kind: Kind::Gauge },
    Measure { name: "process_open_fds", what: "files and sockets open", kind: Kind::Gauge },
    Measure { name: "process_max_fds", what: "files and sockets at most", kind: Kind::Gauge },
    Measure { name: "process_threads", what: "threads", kind: Kind::Gauge },
    Measure { name: "process_cpu_seconds_total", what: "processor time", kind: Kind::Counter },
    Measure {
        name: "process_start_time_seconds",
        what: "when it was started, in seconds since 1970",
        kind: Kind::Gauge,
    },
];

/// One more of something, for as long as this lives.
#[must_use]
pub struct InUse(Gauge);

impl InUse {
    /// Counts one more.
    pub fn of(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Where the numbers of this process are asked for.
pub(crate) struct Port {
    listener: TcpListener,
    numbers: PrometheusHandle,
}

impl Port {
    /// Begins to measure. What was counted before is lost.
    pub(crate) async fn open(address: SocketAddr, about: About) -> anyhow::Result<Self> {
        let listener = crate::process::listen(address, about.metrics_setting).await?;
        let measures: Vec<_> = MEASURES.into_iter().chain((about.measures)()).collect();
        let mut builder = PrometheusBuilder::new().set_buckets(SECONDS)?;
        for measure in &measures {
            if let Kind::Histogram(buckets) = measure.kind {
                let name = Matcher::Full(measure.name.to_owned());
                builder = builder.set_buckets_for_metric(name, buckets)?;
            }
        }
        let recorder = builder.build_recorder();
        for Measure { name, what, kind } in measures {
            let (name, what) = (name.into(), what.into());
            match kind {
                Kind::Counter => recorder.describe_counter(name, None, what),
                Kind::Gauge => recorder.describe_gauge(name, None, what),
                Kind::Histogram(_) => recorder.describe_histogram(name, None, what),
            }
        }
        let numbers = recorder.handle();
        metrics::set_global_recorder(recorder).context("numbers are kept already")?;
        let commit = option_env!("BUILD_COMMIT").unwrap_or("unknown");
        let version = env!("CARGO_PKG_VERSION");
        gauge!("build_info", "service" => about.name, "version" => version, "commit" => commit)
            .set(1.0);
        Ok(Self { listener, numbers })
    }

    /// Answers whoever asks, as long as this process lives.
    pub(crate) async fn serve(self) -> Infallible {
        let numbers = self.numbers.clone();
        let show = async move || {
            process::measure();
            ([(CONTENT_TYPE, TEXT)], numbers.render() + &process::time_told())
        };
        let router = Router::new().route("/metrics", get(show));
        let limits = Limits { max_connections: 64, ..Limits::default() };
        let upkeep = async {
            loop {
                tokio::time::sleep(UPKEEP).await;
                self.numbers.run_upkeep();
            }
        };
        let until_the_end = CancellationToken::new();
        tokio::select! {
            () = http::serve(self.listener, router, &limits, until_the_end) => {}
            () = upkeep => {}
        }
        std::future::pending().await
    }
}
