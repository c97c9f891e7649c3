//! `search/`: messages by their words.

use axum::Json;
use axum::extract::State;
use proto::chat::v1::SearchMessagesRequest;
use proto::chat::v1::search_messages_response::Hit;
use serde::Serialize;

use crate::backends::{self, READ};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::query::Query;
use crate::router::App;
use crate::views::{self, Message};

#[derive(Serialize)]
pub(crate) struct Found {
    results: Vec<Finding>,
    next_page_token: Option<String>,
}

#[derive(Serialize)]
struct Finding {
    message: Message,
    snippet: String,
}

/// What was found, newest first.
pub(crate) async fn list(
    State(mut app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Found>, ApiError> {
    let words = query.text("q").map(str::to_owned);
    let request = SearchMessagesRequest {
        query: words.ok_or_else(|| ApiError::invalid_field("q", "This field is required."))?,
        session_id: query.id("session_id")?,
        page_size: query.count("limit", 1..=100)?.unwrap_or_default(),
        page_token: query.text("page_token").unwrap_or_default().to_owned(),
    };
    let call = app.backends.reads.search_messages(caller.reads(request));
    let found = backends::answer(READ, call).await?;
    let results: Result<_, _> = found.hits.into_iter().map(finding).collect();
    Ok(Json(Found { results: results?, next_page_token: views::next_page(found.next_page_token) }))
}

fn finding(hit: Hit) -> Result<Finding, ApiError> {
    let message = hit.message.ok_or_else(ApiError::internal)?.into();
    Ok(Finding { message, snippet: hit.snippet })
}
