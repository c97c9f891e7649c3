//! How a token travels: `Authorization: Bearer <token>` (RFC 6750), in HTTP and in gRPC metadata.

/// What the `Authorization` header of a request holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// No header, an empty one, or another scheme: the caller did not try to log in with a token.
    Absent,
    /// The Bearer scheme without exactly one token, or more than one header.
    Malformed,
    /// A token, nothing about it verified.
    Token(&'a str),
}

/// Reads all `Authorization` values of a request. The scheme is taken in any letter case
/// (RFC 9110 11.1).
pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Bearer<'a> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else {
        return Bearer::Absent;
    };
    if values.next().is_some() {
        // Two identities in one request: whichever counted, somebody could be fooled.
        return Bearer::Malformed;
    }
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer")) {
        return Bearer::Absent;
    }
    match (words.next(), words.next()) {
        // Bytes that are not text are no token of ours; an empty one is refused as any forged one.
        (Some(token), None) => Bearer::Token(std::str::from_utf8(token).unwrap_or_default()),
        _ => Bearer::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &str) -> Bearer<'_> {
        parse([value.as_bytes()])
    }

    #[test]
    fn one_bearer_token_is_read_in_any_spelling_of_the_scheme() {
        assert_eq!(header("Bearer a.b.c"), Bearer::Token("a.b.c"));
        assert_eq!(header("bearer a.b.c"), Bearer::Token("a.b.c"));
        assert_eq!(header("BEARER   a.b.c "), Bearer::Token("a.b.c"));
        assert_eq!(parse([b"Bearer \xff".as_slice()]), Bearer::Token(""));
    }

    #[test]
    fn no_token_and_a_broken_header_are_told_apart() {
        assert_eq!(parse([]), Bearer::Absent);
        for other in ["", "Basic YTpi", "Token a.b.c", "Bearera.b.c"] {
            assert_eq!(header(other), Bearer::Absent, "{other:?}");
        }
        for broken in ["Bearer", "Bearer  ", "Bearer a b"] {
            assert_eq!(header(broken), Bearer::Malformed, "{broken:?}");
        }
        assert_eq!(parse([b"Bearer a".as_slice(), b"Bearer b"]), Bearer::Malformed);
    }
}
