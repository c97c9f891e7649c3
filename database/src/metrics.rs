//! What is measured of a database.

use std::time::Instant;

use chassis::telemetry::metrics::{InUse, Kind, Measure};
use chassis::telemetry::traces::{self, TARGET};
use metrics::{gauge, histogram};
use tracing::Span;

/// What is measured of a database. Its buckets are those of OpenTelemetry's conventions.
pub const MEASURES: [Measure; 2] = [
    Measure {
        name: "db_client_operation_duration_seconds",
        what: "reads and writes, the wait for their turn and the commit included",
        kind: Kind::Histogram(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0]),
    },
    Measure {
        name: "db_client_operations_in_use",
        what: "reads at work, and writes in the queue or at work",
        kind: Kind::Gauge,
    },
];

/// `read` or `write`.
#[derive(Clone, Copy)]
pub(crate) struct Operation(&'static str);

pub(crate) const READ: Operation = Operation("read");
pub(crate) const WRITE: Operation = Operation("write");

/// What operations are measured by. `system` is the kind of database, as OpenTelemetry names it.
impl Operation {
    /// Times what is done for somebody, until they have it or leave, and tells a collector of it.
    pub(crate) fn watch(self, system: &'static str) -> Watched {
        let span = traces::within_request(|| {
            tracing::info_span!(
                target: TARGET,
                "operation",
                otel.name = self.0,
                otel.kind = "client",
                db.system.name = system,
                db.operation.name = self.0,
            )
        });
        Watched { system, operation: self, started: Instant::now(), _span: span }
    }

    /// One more of it, whether or not somebody still waits for it.
    pub(crate) fn begin(self, system: &'static str) -> InUse {
        InUse::of(gauge!(
            "db_client_operations_in_use",
            "db_system_name" => system, "db_operation_name" => self.0
        ))
    }
}

/// An operation that somebody waits for.
pub(crate) struct Watched {
    system: &'static str,
    operation: Operation,
    started: Instant,
    _span: Span,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Operation(name) = self.operation;
        let labels = [("db_system_name", self.system), ("db_operation_name", name)];
        histogram!("db_client_operation_duration_seconds", &labels).record(self.started.elapsed());
    }
}
