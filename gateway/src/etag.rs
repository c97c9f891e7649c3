//! Entity tags of lists that grow: a session's version, and which part of it was asked for.

use axum::response::{IntoResponse as _, Response};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

/// What a client knows already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing that could still hold.
    Nothing,
    /// Versions of the very part that it asks for.
    Versions(Vec<i64>),
    /// Whatever there is.
    Anything,
}

/// Which part of a session a tag is about, as in `W/"v12-a5-l100"`.
pub(crate) struct Part(pub(crate) String);

impl Part {
    /// The tag of this part at a version. Weak: the same messages may be written otherwise.
    fn tag(&self, version: i64) -> String {
        format!("W/\"v{version}{}\"", self.0)
    }

    /// Writes the tag into the header of an answer.
    pub(crate) fn mark(&self, mut response: Response, version: i64) -> Response {
        if let Ok(tag) = HeaderValue::from_str(&self.tag(version)) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }

    /// The answer to somebody who has it all.
    pub(crate) fn not_modified(&self, version: i64) -> Response {
        self.mark(StatusCode::NOT_MODIFIED.into_response(), version)
    }

    /// Reads `If-None-Match`: a list of tags, of which only ours of this part say anything.
    pub(crate) fn known(&self, headers: &HeaderMap) -> Known {
        let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        // None of our tags has a comma.
        let tags: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        if tags.contains(&"*") {
            return Known::Anything;
        }
        let versions: Vec<_> = tags.into_iter().filter_map(|tag| self.version(tag)).collect();
        if versions.is_empty() { Known::Nothing } else { Known::Versions(versions) }
    }

    fn version(&self, tag: &str) -> Option<i64> {
        // Compared weakly (RFC 9110 8.8.3.2): a proxy may have lost the mark.
        let quoted = tag.strip_prefix("W/").unwrap_or(tag);
        let inside = quoted.strip_prefix("\"v")?.strip_suffix('"')?;
        inside.strip_suffix(self.0.as_str())?.parse().ok()
    }
}

impl Known {
    /// The version to ask the service about: they only grow, so only the last can be current.
    pub(crate) fn version(&self) -> Option<i64> {
        match self {
            Self::Versions(versions) => versions.iter().max().copied(),
            Self::Nothing | Self::Anything => None,
        }
    }

    /// Whether somebody who knows this needs no answer, given what the service says.
    pub(crate) fn suffices(&self, not_modified: bool) -> bool {
        not_modified || *self == Self::Anything
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(header: &'static str) -> Known {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(header))]);
        Part("-a5-l100".to_owned()).known(&headers)
    }

    #[test]
    fn only_tags_of_the_same_part_say_anything() {
        assert_eq!(known(r#"W/"v12-a5-l100""#), Known::Versions(vec![12]));
        assert_eq!(known(r#""v12-a5-l100""#), Known::Versions(vec![12]));
        let list = r#""other", W/"v3-a5-l100" ,W/"v12-a5-l100", W/"v99-a5-l10""#;
        assert_eq!(known(list).version(), Some(12));
        assert_eq!(known("*"), Known::Anything);
        for nothing in ["", "v12-a5-l100", r#""v12""#, r#""v-a5-l100""#, r#"w/"v1-a5-l100""#] {
            assert_eq!(known(nothing), Known::Nothing, "{nothing}");
        }
    }

    #[test]
    fn a_tag_that_was_given_is_known_again() {
        let part = Part("-a5-l100".to_owned());
        let response = part.not_modified(7);
        let tag = response.headers()[ETAG].clone();
        assert_eq!(part.known(&HeaderMap::from_iter([(IF_NONE_MATCH, tag)])).version(), Some(7));
    }
}
