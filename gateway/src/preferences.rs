//! `account/preferences/`: what a person has set.

use axum::Json;
use axum::extract::State;
use proto::chat::v1 as pb;
use serde::Serialize;
use serde_json::Value;

use crate::backends::{self, READ};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields;
use crate::router::App;
use crate::views;

#[derive(Serialize)]
pub(crate) struct Preferences {
    region: Option<String>,
}

impl From<pb::Preferences> for Preferences {
    fn from(preferences: pb::Preferences) -> Self {
        Self { region: views::present(preferences.region) }
    }
}

impl TryFrom<Option<pb::Preferences>> for Preferences {
    type Error = ApiError;

    fn try_from(preferences: Option<pb::Preferences>) -> Result<Self, ApiError> {
        preferences.map(Self::from).ok_or_else(ApiError::internal)
    }
}

/// What is set.
pub(crate) async fn show(
    State(mut app): State<App>,
    caller: Caller,
) -> Result<Json<Preferences>, ApiError> {
    let request = caller.reads(pb::GetPreferencesRequest {});
    let found = backends::answer(READ, app.backends.reads.get_preferences(request)).await?;
    Ok(Json(found.preferences.try_into()?))
}

/// Sets something.
pub(crate) async fn update(
    State(mut app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Preferences>, ApiError> {
    let region = match body.get("region") {
        None => return Err(ApiError::invalid_field("region", "This field is required.")),
        Some(Value::Null) => String::new(),
        Some(Value::String(region)) => region.clone(),
        Some(_) => return Err(fields::not_text("region")),
    };
    let request = caller.asks(READ, pb::UpdatePreferencesRequest { region: Some(region) });
    let changed = backends::answer(READ, app.backends.reads.update_preferences(request)).await?;
    Ok(Json(changed.preferences.try_into()?))
}
