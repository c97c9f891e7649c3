//! `/livez` and `/readyz`, for whoever decides about restarts and traffic.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chassis::grpc::{Channel, Standing};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::router::App;

/// The process answers: nothing else is asked.
pub(crate) async fn livez() -> &'static str {
    "ok"
}

#[derive(Serialize)]
pub(crate) struct Readiness {
    ready: bool,
    auth_service: &'static str,
    chat_service: &'static str,
    keys: &'static str,
    gateway: &'static str,
}

/// Everything needed to serve people is there. The language model is not: without it, people still
/// read their messages, and in a crisis still get help.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let backends = app.backends;
    let (auth, chat) = tokio::join!(check(backends.auth_channel), check(backends.chat_channel));
    let (keys, draining) = (app.verifier.is_ready(), app.draining.is_cancelled());
    let ready = auth == OK && chat == OK && keys && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let readiness = Readiness {
        ready,
        auth_service: auth,
        chat_service: chat,
        keys: if keys { OK } else { "not fetched yet" },
        gateway: if draining { "draining" } else { OK },
    };
    let mut response = (status, Json(readiness)).into_response();
    if !ready {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

const OK: &str = "ok";

/// How the best replica of a service is.
async fn check(channel: Channel) -> &'static str {
    match channel.standing().await {
        Standing::Well => OK,
        Standing::NotServing => "not serving",
        Standing::Silent => "silent",
        Standing::Unreachable => "unreachable",
    }
}
