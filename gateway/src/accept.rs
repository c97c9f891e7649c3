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

/// Whether the client wants to be told a reply while it is made.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    values(headers).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        name.eq_ignore_ascii_case(EVENTS) && !parts.any(excludes)
    })
}

/// Whether a parameter is a quality of zero: not wanted at all.
fn excludes(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.eq_ignore_ascii_case("q") && value.parse().is_ok_and(|quality: f32| quality <= 0.0)
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
            "application/json, Text/Event-Stream;q=0.5",
            "text/event-stream; charset=utf-8",
        ] {
            assert!(wants_events(&accept(fine)), "{fine}");
        }
        for other in ["", "*/*", "text/*", "text/event-stream;q=0", "text/event-stream; q=0.000"] {
            assert!(!wants_events(&accept(other)), "{other}");
        }
    }

    #[test]
    fn problems_are_for_those_who_ask() {
        assert!(wants_problem(&accept("application/problem+json, application/json")));
        assert!(!wants_problem(&accept("*/*")));
    }
}
