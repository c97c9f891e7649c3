//! What says that it is something else than gRPC is not read as gRPC.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

/// Middleware: answers it as gRPC says, with 415, and no handler hears of it.
pub(super) async fn only_grpc(request: Request, next: Next) -> Response {
    if is_grpc(request.headers()) {
        next.run(request).await
    } else {
        StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
    }
}

/// `application/grpc`, perhaps with how messages are written; not `application/grpc-web`.
fn is_grpc(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let rest = named.and_then(|named| named.strip_prefix("application/grpc"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn grpc_is_known_by_its_name() {
        let says = |value: &'static str| {
            is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]))
        };
        for grpc in ["application/grpc", "application/grpc+proto", "application/grpc;a=b"] {
            assert!(says(grpc), "{grpc}");
        }
        for other in ["", "application/json", "application/grpc-web", "application/grpcx", "grpc"] {
            assert!(!says(other), "{other}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
