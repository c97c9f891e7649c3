//! Which web pages may call.

use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    RETRY_AFTER,
};
use http::{HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Origins;
use crate::{disclosure, events, idempotency, limits};

/// How long a browser may remember the answer.
const MAX_AGE: Duration = Duration::from_hours(24);

/// No credentials: tokens travel in a header that pages set themselves, not in cookies.
pub(crate) fn layer(origins: &Origins) -> CorsLayer {
    let origins = origins.clone();
    let may_call = move |origin: &HeaderValue| match &origins {
        Origins::Localhost => is_local(origin),
        Origins::Listed(listed) => {
            listed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
        }
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| may_call(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            ACCEPT,
            ACCEPT_LANGUAGE,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_NONE_MATCH,
            idempotency::KEY,
            events::LAST_ID,
            chassis::request_id::HEADER,
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            disclosure::HEADER,
            idempotency::REPLAYED,
            limits::LEFT,
            limits::POLICY,
            chassis::request_id::HEADER,
        ])
        .max_age(MAX_AGE)
}

fn is_local(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let host = uri.as_ref().and_then(Uri::host);
    host.is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        let local = |origin| is_local(&HeaderValue::from_static(origin));
        for fine in [
            "http://localhost",
            "http://localhost:3000",
            "https://127.0.0.1:8443",
            "http://[::1]:5173",
        ] {
            assert!(local(fine), "{fine}");
        }
        for foreign in
            ["null", "http://localhost.evil.example", "http://evil.example/localhost", "not a url"]
        {
            assert!(!local(foreign), "{foreign}");
        }
    }
}
