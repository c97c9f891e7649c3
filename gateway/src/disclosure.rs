//! That a machine is talking, where it must not change the body of an answer.

use std::fmt::Write as _;

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use proto::chat::v1::turn_event::Disclosure;

/// The words, percent-encoded UTF-8.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("ai-disclosure");

/// Says it beside an answer, if it is to be said.
pub(crate) fn mark(response: &mut Response, disclosure: Option<&Disclosure>) {
    let Some(Disclosure { text, .. }) = disclosure else { return };
    if let Ok(words) = HeaderValue::from_str(&encoded(text)) {
        response.headers_mut().insert(HEADER, words);
    }
}

/// As `encodeURIComponent` encodes, so that `decodeURIComponent` gives the words back.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing into a text cannot fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_encoded_as_browsers_do() {
        assert_eq!(encoded("I'm an AI, not a person."), "I'm%20an%20AI%2C%20not%20a%20person.");
        assert_eq!(
            encoded("KI \u{2013} \u{e4}\u{1f9e1}\n%"),
            "KI%20%E2%80%93%20%C3%A4%F0%9F%A7%A1%0A%25"
        );
    }
}
