//! What a client says it can read.

use http::HeaderMap;
use http::header::ACCEPT;

const PROBLEM: &str = "application/problem+json";
const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";

/// Ranges that an answer of ours fits. A page of HTML is what browsers ask for when somebody opens
/// an address by hand: they get the JSON.
const FITTING: [&str; 7] =
    ["*/*", "application/*", "application/json", PROBLEM, LINES, EVENTS, "text/html"];

/// Whether an answer in JSON is of any use to the client.
pub(crate) fn allows_json(headers: &HeaderMap) -> bool {
    let mut ranges = ranges(headers).peekable();
    ranges.peek().is_none() || ranges.any(|range| FITTING.contains(&range.as_str()))
}

/// Whether the client asks for errors as RFC 9457 problems.
pub(crate) fn wants_problem(headers: &HeaderMap) -> bool {
    ranges(headers).any(|range| range == PROBLEM)
}

/// Whether the client wants to be told a reply while it is made: it names events, and does not like
/// JSON better.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let events = quality(headers, EVENTS).unwrap_or_default();
    events > 0.0 && events >= quality(headers, "application/json").unwrap_or_default()
}

/// How much a client likes a media type that it names (RFC 9110 12.4.2).
fn quality(headers: &HeaderMap, media_type: &str) -> Option<f32> {
    values(headers).find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let mut pairs = parts.filter_map(|parameter| parameter.split_once('='));
        let quality = pairs.find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let quality = quality.map_or(1.0, |(_, value)| value.parse().unwrap_or(1.0));
        name.eq_ignore_ascii_case(media_type).then_some(quality)
    })
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let names = values(headers).map(|range| range.split(';').next().unwrap_or_default());
    names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
}

fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(','))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accept(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn json_suits_everybody_who_does_not_exclude_it() {
        assert!(allows_json(&HeaderMap::new()));
        for fine in [
            "",
            "*/*",
            "application/json; indent=4",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "Application/JSON",
            "text/event-stream",
        ] {
            assert!(allows_json(&accept(fine)), "{fine}");
        }
        assert!(!allows_json(&accept("application/xml")));
        assert!(!allows_json(&accept("image/png, text/plain")));
    }

    #[test]
    fn events_are_for_those_who_name_them() {
        for fine in [
            "text/event-stream",
            "application/json;q=0.5, Text/Event-Stream;q=0.5",
            "text/event-stream; charset=utf-8",
        ] {
            assert!(wants_events(&accept(fine)), "{fine}");
        }
        for other in [
            "",
            "*/*",
            "text/*",
            "text/event-stream;q=0",
            "text/event-stream; q=0.000",
            "application/json, text/event-stream;q=0.5",
        ] {
            assert!(!wants_events(&accept(other)), "{other}");
        }
    }

    #[test]
    fn problems_are_for_those_who_ask() {
        assert!(wants_problem(&accept("application/problem+json, application/json")));
        assert!(!wants_problem(&accept("*/*")));
    }
}
