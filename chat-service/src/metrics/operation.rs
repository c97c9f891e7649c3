//! One question to the model: how long it took, until its first word, between words, and what it cost.
//!
//! Names and buckets are those of OpenTelemetry's conventions for generative AI; what was asked and answered
//! is nowhere in here.

use std::sync::Arc;
use std::time::Instant;

use chassis::telemetry::metrics::{InUse, Kind, Measure};
use chassis::telemetry::traces::{self, TARGET};
use metrics::{Label, gauge, histogram};
use tracing::Span;
use tracing::field::Empty;

use crate::store::Usage;

const SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_CHUNK: &[f64] =
    &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const PER_CHUNK: &[f64] =
    &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
/// Powers of four.
const TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// What is measured of the model.
pub(super) const MEASURES: [Measure; 6] = [
    Measure {
        name: "gen_ai_client_operation_duration_seconds",
        what: "questions to the model, until the end of the answer",
        kind: Kind::Histogram(SECONDS),
    },
    Measure {
        name: "gen_ai_client_operation_time_to_first_chunk_seconds",
        what: "from a question to the first words of the answer",
        kind: Kind::Histogram(FIRST_CHUNK),
    },
    Measure {
        name: "gen_ai_client_operation_time_per_output_chunk_seconds",
        what: "between two pieces of an answer",
        kind: Kind::Histogram(PER_CHUNK),
    },
    Measure {
        name: "gen_ai_client_token_usage",
        what: "tokens of questions and answers, as the model counts them",
        kind: Kind::Histogram(TOKENS),
    },
    Measure {
        name: "aibuddy_model_calls_inflight",
        what: "questions that the model is answering",
        kind: Kind::Gauge,
    },
    Measure {
        name: "aibuddy_model_breaker_open",
        what: "1 while the model is believed to be down and not asked",
        kind: Kind::Gauge,
    },
];

/// What the model is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A reply.
    Reply,
    /// How grave a message is.
    Verdict,
}

/// One question to the model. One that is dropped before its end was broken off by us.
pub(crate) struct Operation {
    labels: Vec<Label>,
    began: Instant,
    /// When words came last.
    last: Option<Instant>,
    /// Empty: all went well.
    error: &'static str,
    span: Span,
    _in_flight: InUse,
}

impl Operation {
    /// To the model of this name.
    pub(crate) fn begin(model: &Arc<str>, purpose: Purpose) -> Self {
        let purpose = match purpose {
            Purpose::Reply => "reply",
            Purpose::Verdict => "verdict",
        };
        let labels = vec![
            Label::from_static_parts("gen_ai_operation_name", "chat"),
            Label::from_static_parts("gen_ai_provider_name", "openai"),
            Label::new("gen_ai_request_model", model.clone()),
            Label::from_static_parts("purpose", purpose),
        ];
        let span = traces::within_request(|| {
            tracing::info_span!(
                target: TARGET,
                "model",
                otel.name = format!("chat {model}"),
                otel.kind = "client",
                otel.status_code = Empty,
                gen_ai.operation.name = "chat",
                gen_ai.provider.name = "openai",
                gen_ai.request.model = &**model,
                gen_ai.usage.input_tokens = Empty,
                gen_ai.usage.output_tokens = Empty,
                purpose,
                "error.type" = Empty,
            )
        });
        let in_flight = InUse::of(gauge!("aibuddy_model_calls_inflight"));
        Self {
            labels,
            began: Instant::now(),
            last: None,
            error: "broken_off",
            span,
            _in_flight: in_flight,
        }
    }

    /// Words have come.
    pub(crate) fn chunk(&mut self) {
        let now = Instant::now();
        let (name, since) = match self.last.replace(now) {
            None => ("gen_ai_client_operation_time_to_first_chunk_seconds", self.began),
            Some(last) => ("gen_ai_client_operation_time_per_output_chunk_seconds", last),
        };
        histogram!(name, self.labels.clone()).record(now - since);
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, usage: Option<&Usage>) {
        self.error = "";
        let Some(usage) = usage else { return };
        self.span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
        self.span.record("gen_ai.usage.output_tokens", usage.reply_tokens);
        for (kind, tokens) in [("input", usage.prompt_tokens), ("output", usage.reply_tokens)] {
            let mut labels = self.labels.clone();
            labels.push(Label::from_static_parts("gen_ai_token_type", kind));
            let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
            histogram!("gen_ai_client_token_usage", labels).record(f64::from(tokens));
        }
    }

    /// There is no answer; `why` is a few words of ours.
    pub(crate) fn failed(&mut self, why: &'static str) {
        self.error = why;
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if !self.error.is_empty() {
            self.span.record("error.type", self.error);
            self.span.record("otel.status_code", "ERROR");
        }
        let mut labels = std::mem::take(&mut self.labels);
        labels.push(Label::from_static_parts("error_type", self.error));
        histogram!("gen_ai_client_operation_duration_seconds", labels).record(self.began.elapsed());
    }
}
