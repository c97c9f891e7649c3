//! Where a request stands in its trace, as services tell each other: W3C Trace Context.

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header, and the gRPC metadata key.
pub const HEADER: &str = "traceparent";

/// Where a request stands in its trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl Place {
    /// What a caller says; `None` if they say nothing, or nothing that can be used.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(HEADER).iter();
        let (only, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
        Self::parse(only)
    }

    /// `00-<32 digits>-<16 digits>-<2 digits>`, in lower case; later versions may say more.
    fn parse(text: &str) -> Option<Self> {
        let is_plain = |part: &str, digits: usize| {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.len() == digits && part.bytes().all(is_digit)
        };
        let mut parts = text.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let fits = is_plain(version, 2) && version != "ff" && is_plain(flags, 2);
        let ends = version != "00" || parts.next().is_none();
        if !(fits && ends && is_plain(trace, 32) && is_plain(span, 16)) {
            return None;
        }
        let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
        let is_valid = trace != TraceId::INVALID && span != SpanId::INVALID;
        is_valid.then_some(Self { trace, span, flags })
    }

    /// The beginning of a trace that we tell to nobody. Whoever has a collector further on may.
    pub(crate) fn begin() -> Self {
        let ids = RandomIdGenerator::default();
        let (trace, span) = (ids.new_trace_id(), ids.new_span_id());
        Self { trace, span, flags: TraceFlags::SAMPLED }
    }

    /// Where `span` stands, if a collector is told of spans.
    pub(crate) fn of(span: &Span) -> Option<Self> {
        if span.is_disabled() {
            return None;
        }
        let context = span.context();
        let context = context.span().span_context().clone();
        let flags = context.trace_flags() & TraceFlags::SAMPLED;
        let place = Self { trace: context.trace_id(), span: context.span_id(), flags };
        context.is_valid().then_some(place)
    }

    /// Puts `span` below this place.
    pub(crate) fn adopt(&self, span: &Span) {
        let Self { trace, span: parent, flags } = *self;
        let parent = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
        // Where no collector is told, there is nothing to put anywhere.
        let _untold = span.set_parent(Context::new().with_remote_span_context(parent));
    }

    /// The number of the trace, as log lines show it.
    pub(crate) fn trace(&self) -> String {
        self.trace.to_string()
    }

    /// What is told to whoever is called.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let Self { trace, span, flags } = self;
        HeaderValue::try_from(format!("00-{trace}-{span}-{:02x}", flags.to_u8())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_callers_say_is_taken_only_if_it_is_well_formed() {
        let header = |place: Place| place.header().unwrap().to_str().unwrap().to_owned();
        assert_eq!(Place::parse(GOOD).map(header).as_deref(), Some(GOOD));
        let later = GOOD.replacen("00", "cc", 1) + "-more";
        assert_eq!(Place::parse(&later).map(header).as_deref(), Some(GOOD));
        let unsampled = Place::parse(&GOOD.replace("-01", "-02")).unwrap();
        assert!(header(unsampled).ends_with("-00"), "only what we know of is passed on");
        for wrong in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replacen("00", "ff", 1),
            &(GOOD.to_owned() + "-more"),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &GOOD.replace("b7ad6b7169203331", &"0".repeat(16)),
            &GOOD.replace("b7ad6b7169203331", "b7ad6b7169203"),
            &GOOD.replace("-01", "-1"),
            &GOOD.replace("0af7", "0ag7"),
        ] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_says_two_things_says_nothing() {
        let mut headers = HeaderMap::new();
        headers.append(HEADER, HeaderValue::from_static(GOOD));
        assert!(Place::read(&headers).is_some());
        headers.append(HEADER, HeaderValue::from_static(GOOD));
        assert_eq!(Place::read(&headers), None);
    }

    #[test]
    fn a_trace_that_begins_here_is_well_formed_and_another_each_time() {
        let (one, other) = (Place::begin(), Place::begin());
        assert_ne!(one.trace(), other.trace());
        let header = one.header().unwrap();
        assert_eq!(Place::parse(header.to_str().unwrap()), Some(one));
    }
}
