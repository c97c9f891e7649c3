//! The whole API on one page.

use std::any::Any;
use std::sync::Arc;

use auth_client::Verifier;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use chassis::request_id;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::backends::Backends;
use crate::client_address::TrustedProxies;
use crate::config::{Origins, Streams};
use crate::error::ApiError;
use crate::messages::{feedback, page, search};
use crate::{
    accounts, cors, export, framing, health, jwks, messages, preferences, render, resources,
    sessions, turns, usage,
};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backends: Backends,
    pub(crate) verifier: Verifier,
    /// Cancelled when the gateway was told to stop: it is not ready any more.
    pub(crate) draining: CancellationToken,
    /// Cancelled when replies that are still told after that are broken off.
    pub(crate) overdue: CancellationToken,
    pub(crate) streams: Streams,
    /// Who is believed about where somebody calls from.
    pub(crate) proxies: Arc<TrustedProxies>,
}

pub(crate) fn build(app: App, origins: &Origins) -> Router {
    let api = Router::new();
    let api = both(api, "/api/register", post(accounts::register));
    let api = both(api, "/api/login", post(accounts::login));
    let api = both(api, "/api/refresh", post(accounts::refresh));
    let api = both(api, "/api/logout", post(accounts::own::log_out));
    let api = both(api, "/api/change-password", post(accounts::own::change_password));
    let account = get(accounts::own::show).delete(accounts::own::delete);
    let api = both(api, "/api/account", account);
    let api = both(api, "/api/send-message", post(messages::send));
    let api = both(api, "/api/get-messages", get(messages::list));
    let api = both(api, "/api/messages/{id}/edit", post(messages::edit));
    let rated = post(feedback::set).delete(feedback::withdraw);
    let api = both(api, "/api/messages/{id}/feedback", rated);
    let api = both(api, "/api/search", get(search::list));
    let api = both(api, "/api/turns/{id}", get(turns::show));
    let api = both(api, "/api/turns/{id}/events", get(turns::watch));
    let api = both(api, "/api/turns/{id}/cancel", post(turns::cancel));
    let api = both(api, "/api/turns/{id}/retry", post(turns::retry));
    let api = both(api, "/api/turns/{id}/regenerate", post(turns::regenerate));
    let api = both(api, "/api/turns/{id}/select", post(turns::select));
    let api = both(api, "/api/sessions", get(sessions::list).post(sessions::create));
    let session = get(sessions::show).patch(sessions::update).delete(sessions::delete);
    let api = both(api, "/api/sessions/{id}", session);
    let api = both(api, "/api/sessions/{id}/messages", get(page::list));
    let api = both(api, "/api/sessions/{id}/context", get(sessions::context));
    let api = both(api, "/api/account/export", get(export::download));
    let api = both(api, "/api/account/usage", get(usage::show));
    let set = get(preferences::show).patch(preferences::update);
    let api = both(api, "/api/account/preferences", set);
    let api = both(api, "/api/crisis-resources", get(resources::show));
    api.route("/.well-known/jwks.json", get(jwks::show))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async |request: Request| {
            ApiError::method_not_allowed(request.method())
        })
        .with_state(app)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(framing::unambiguous))
        .layer(middleware::from_fn(render::errors))
        // Tokens and people's words must not end up in a cache.
        .layer(always(CACHE_CONTROL, "no-store"))
        .layer(always(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(X_FRAME_OPTIONS, "DENY"))
        .layer(always(REFERRER_POLICY, "same-origin"))
        .layer(always(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(cors::layer(origins))
        .layer(middleware::from_fn(request_id::track))
        .layer(middleware::from_fn(chassis::http::observe))
}

/// A path with and without a slash at its end, answering alike: a redirect would turn POST into GET.
fn both(router: Router<App>, path: &str, handler: MethodRouter<App>) -> Router<App> {
    router.route(path, handler.clone()).route(&format!("{path}/"), handler)
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// What a panic says may quote anything: only where it happened is worth knowing, and the panic
/// hook has printed that.
fn panicked(_payload: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::internal().into_response()
}
