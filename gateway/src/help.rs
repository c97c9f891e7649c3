//! Help beside errors: whoever wrote something and reads an error instead of an answer may be in need.

use axum::extract::{MatchedPath, Request};
use crisis_resources::Region;
use http::HeaderMap;
use serde::Serialize;

use crate::language;
use crate::views::{Line, Resources, Safety};

/// Where people say something, or wait for what is said to them.
const PLACES: [&str; 4] = [
    "/api/send-message",
    "/api/messages/{id}/edit",
    "/api/turns/{id}/retry",
    "/api/turns/{id}/regenerate",
];

/// The least that helps, and where there is more.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Help {
    region: Option<String>,
    emergency: Vec<String>,
    line: Option<Line>,
    directory: &'static str,
    crisis_resources: &'static str,
}

/// Where a request to one of the places comes from, as far as it says; `None` for all others.
pub(crate) fn region_of(request: &Request) -> Option<&'static Region> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let path = path.strip_suffix('/').unwrap_or(path);
    PLACES.contains(&path).then(|| accepted_region(request.headers()))
}

/// The region that a client's languages name, or what fits everywhere.
pub(crate) fn accepted_region(headers: &HeaderMap) -> &'static Region {
    let languages = language::accepted(headers);
    let region = languages.and_then(|list| crisis_resources::accepted_region(&list));
    region.unwrap_or_else(crisis_resources::anywhere)
}

impl From<&Region> for Help {
    fn from(region: &Region) -> Self {
        Self::from(&Resources::from(region))
    }
}

impl From<&Safety> for Help {
    fn from(safety: &Safety) -> Self {
        Self::from(&safety.resources)
    }
}

impl From<&Resources> for Help {
    fn from(resources: &Resources) -> Self {
        Self {
            region: resources.region.clone(),
            emergency: resources.emergency.clone(),
            line: resources.lines.first().cloned(),
            directory: "https://findahelpline.com",
            crisis_resources: "/api/crisis-resources/",
        }
    }
}
