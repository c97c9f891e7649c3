//! `account/usage/`: what a person has used, and what is left.

use axum::Json;
use axum::extract::State;
use proto::chat::v1::GetUsageRequest;
use serde::Serialize;

use crate::backends::{self, READ};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::limits::Limit;
use crate::query::Query;
use crate::router::App;
use crate::views::Day;

#[derive(Serialize)]
pub(crate) struct Usage {
    days: Vec<Day>,
    limits: Vec<Limit>,
}

/// Usage day by day, newest first.
pub(crate) async fn show(
    State(mut app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Usage>, ApiError> {
    let days = query.count("days", 1..=366)?.unwrap_or_default();
    let request = caller.reads(GetUsageRequest { days });
    let used = backends::answer(READ, app.backends.reads.get_usage(request)).await?;
    let days = used.days.into_iter().map(Day::from).collect();
    Ok(Json(Usage { days, limits: used.limits.into_iter().map(Limit::from).collect() }))
}
