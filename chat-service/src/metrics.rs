//! What is measured of the chat service beside what every process measures.

mod operation;

use std::time::{Duration, Instant};

use chassis::telemetry::metrics::{InUse, Kind, Measure};
use chassis::telemetry::room;
use metrics::{counter, gauge, histogram};

use crate::store::{Failure, Finish, Outcome};

pub(crate) use operation::{Operation, Purpose};

/// What a turn takes of ours: milliseconds, if all is well.
const OVERHEAD: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// What is measured of the chat service.
const OWN: [Measure; 4] = [
    Measure {
        name: "aibuddy_turns_started_total",
        what: "turns that work was begun on: those that have ended and those in flight",
        kind: Kind::Counter,
    },
    Measure {
        name: "aibuddy_turns_total",
        what: "turns that work has ended on, by what became of it",
        kind: Kind::Counter,
    },
    Measure { name: "aibuddy_turns_inflight", what: "turns at work", kind: Kind::Gauge },
    Measure {
        name: "aibuddy_overhead_seconds",
        what: "turns that ended with a reply, without the wait for the model: reading, storing, both commits",
        kind: Kind::Histogram(OVERHEAD),
    },
];

/// How turns end. Whoever is to hear of the first that ends so has to know that there was none before.
const OUTCOMES: [&str; 8] = [
    "completed",
    "written",
    "model_timeout",
    "model_unavailable",
    "stopped",
    "given_up",
    "not_stored",
    "lost",
];

/// Everything that is measured of the chat service.
#[must_use]
pub fn measures() -> Vec<Measure> {
    let own = OWN.into_iter().chain(operation::MEASURES);
    own.chain(room::MEASURES).chain(database::MEASURES).collect()
}

/// What counts from the start, so that the first of it is seen to come.
pub(crate) fn begin() {
    for outcome in OUTCOMES {
        counter!("aibuddy_turns_total", "outcome" => outcome).increment(0);
    }
    counter!("aibuddy_turns_started_total").increment(0);
    room::begin("database");
    room::begin("turns");
    breaker(false);
}

/// Whether the model is believed to be down.
pub(crate) fn breaker(is_open: bool) {
    gauge!("aibuddy_model_breaker_open").set(if is_open { 1.0 } else { 0.0 });
}

/// A place among the turns at work, while this lives.
pub(crate) fn place() -> InUse {
    room::take("turns")
}

/// A turn that was answered in the transaction that stored it, with words written in advance.
pub(crate) fn answered_at_once() {
    Turn::begin(Duration::ZERO).outcome = "written";
}

/// The work on a turn.
pub(crate) struct Turn {
    began: Instant,
    /// What was spent on it before.
    before: Duration,
    waited: Duration,
    outcome: &'static str,
    has_reply: bool,
    _in_flight: InUse,
}

impl Turn {
    /// `before`: what was spent on it until now.
    pub(crate) fn begin(before: Duration) -> Self {
        counter!("aibuddy_turns_started_total").increment(1);
        let in_flight = InUse::of(gauge!("aibuddy_turns_inflight"));
        let (began, waited) = (Instant::now(), Duration::ZERO);
        // Whoever is not told otherwise was stopped half-way.
        let outcome = "stopped";
        Self { began, before, waited, outcome, has_reply: false, _in_flight: in_flight }
    }

    /// The model was waited for since then, which is not our time.
    pub(crate) fn waited_since(&mut self, then: Instant) {
        self.waited += then.elapsed();
    }

    /// What became of it. `finish`: how the reply ended, if there was one.
    pub(crate) fn ended(&mut self, outcome: &Outcome, finish: Option<Finish>) {
        self.has_reply = outcome.reply.is_some();
        self.outcome = match (&outcome.reply, outcome.turn.failure) {
            (Some(_), _) if finish == Some(Finish::Written) => "written",
            (Some(_), _) => "completed",
            (None, Some(Failure::ModelTimeout)) => "model_timeout",
            (None, Some(Failure::ModelUnavailable)) => "model_unavailable",
            (None, Some(Failure::GivenUp)) => "given_up",
            (None, None) => "stopped",
        };
    }

    /// Somebody else has it now.
    pub(crate) fn lost(&mut self) {
        self.outcome = "lost";
    }

    /// Its end could not be stored.
    pub(crate) fn failed_to_end(&mut self) {
        self.outcome = "not_stored";
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        counter!("aibuddy_turns_total", "outcome" => self.outcome).increment(1);
        if self.has_reply {
            let ours = (self.before + self.began.elapsed()).saturating_sub(self.waited);
            histogram!("aibuddy_overhead_seconds").record(ours);
        }
    }
}
