//! `crisis-resources/`: whom to call in a country. Answered from what is compiled in: it needs no
//! login, no token is looked at, and it works while everything behind the gateway is down.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use crisis_resources::Region;
use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, VARY};

use crate::error::ApiError;
use crate::help;
use crate::query::Query;
use crate::views::Resources;

/// Nobody's words: anybody may keep it, and have it when there is no network.
const CACHING: &str = "public, max-age=3600";

/// The help lines of the country that is named, or that the client's languages name.
pub(crate) async fn show(query: Query, headers: HeaderMap) -> Result<Response, ApiError> {
    let region = match query.text("region") {
        Some(code) => named(code)?,
        None => help::accepted_region(&headers),
    };
    let caching = [(CACHE_CONTROL, CACHING), (VARY, ACCEPT_LANGUAGE.as_str())];
    Ok((caching, Json(Resources::from(region))).into_response())
}

/// What fits everywhere is better than an error for a country that we know nothing of.
fn named(code: &str) -> Result<&'static Region, ApiError> {
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let problem = "Two letters of a country (ISO 3166-1) are required.";
        return Err(ApiError::invalid_field("region", problem));
    }
    Ok(crisis_resources::region(code).unwrap_or_else(crisis_resources::anywhere))
}
