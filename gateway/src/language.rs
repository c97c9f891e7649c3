//! Which languages a client would like: `Accept-Language`.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// Longest list that is read; browsers send far less.
const MAX_LENGTH: usize = 256;

/// What a client would like, as it says it; `None` if it does not say, or nothing that is a list of
/// languages.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(ACCEPT_LANGUAGE).iter();
    let values: Vec<_> = values.map(|value| value.to_str()).collect::<Result<_, _>>().ok()?;
    let list = values.join(", ");
    let is_plain = list.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (!list.is_empty() && list.len() <= MAX_LENGTH && is_plain).then_some(list)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepted_of(values: &[&str]) -> Option<String> {
        let header = |value: &&str| (ACCEPT_LANGUAGE, HeaderValue::from_bytes(value.as_bytes()));
        let headers = values.iter().map(header).map(|(name, value)| (name, value.unwrap()));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        accepted(&map)
    }

    #[test]
    fn a_list_of_languages_is_taken_as_it_is() {
        assert_eq!(accepted_of(&["en-GB, en;q=0.9"]).as_deref(), Some("en-GB, en;q=0.9"));
        assert_eq!(accepted_of(&["de", "en"]).as_deref(), Some("de, en"));
        assert!(accepted_of(&["a".repeat(256).as_str()]).is_some());
    }

    #[test]
    fn what_is_none_counts_as_nothing() {
        assert_eq!(accepted_of(&[]), None);
        for nothing in ["", "d\u{e9}", "en\tde", "a".repeat(257).as_str()] {
            assert_eq!(accepted_of(&[nothing]), None, "{nothing:?}");
        }
    }
}
