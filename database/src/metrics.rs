//! What is measured of a database.

use std::time::Instant;

use chassis::telemetry::metrics::{InUse, Kind, Measure};
use metrics::{gauge, histogram};

/// The kind of database, as OpenTelemetry names it.
const SYSTEM: &str = "sqlite";

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

impl Operation {
    /// Times what is done for somebody.
    pub(crate) async fn time<T>(self, operation: impl Future<Output = T>) -> T {
        let _timed = Timed { operation: self, started: Instant::now() };
        operation.await
    }

    /// One more of it, whether or not somebody still waits for it.
    pub(crate) fn begin(self) -> InUse {
        InUse::of(gauge!(
            "db_client_operations_in_use",
            "db_system_name" => SYSTEM, "db_operation_name" => self.0
        ))
    }
}

/// Written down also where nobody waits for the end.
struct Timed {
    operation: Operation,
    started: Instant,
}

impl Drop for Timed {
    fn drop(&mut self) {
        let Operation(name) = self.operation;
        let labels = [("db_system_name", SYSTEM), ("db_operation_name", name)];
        histogram!("db_client_operation_duration_seconds", &labels).record(self.started.elapsed());
    }
}
