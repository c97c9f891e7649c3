//! `sessions/`: conversations, and what of them the model is sent.

mod context;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::LOCATION;
use proto::chat::v1 as pb;
use serde::Serialize;
use serde_json::Value;

use crate::backends::{self, READ};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::idempotency::Key;
use crate::ids::SessionId;
use crate::query::Query;
use crate::router::App;
use crate::views::{self, Session};
use crate::{fields, idempotency};

pub(crate) use context::show as context;

#[derive(Serialize)]
pub(crate) struct Page {
    sessions: Vec<Session>,
    next_page_token: Option<String>,
}

/// One's own sessions, those with the latest activity first.
pub(crate) async fn list(
    State(mut app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page>, ApiError> {
    let request = pb::ListSessionsRequest {
        page_size: query.count("limit", 1..=500)?.unwrap_or_default(),
        page_token: query.text("page_token").unwrap_or_default().to_owned(),
        archived: query.says("archived", "true")?,
    };
    let call = app.backends.reads.list_sessions(caller.reads(request));
    let found = backends::answer(READ, call).await?;
    let sessions = found.sessions.into_iter().map(Session::from).collect();
    Ok(Json(Page { sessions, next_page_token: views::next_page(found.next_page_token) }))
}

/// Starts a session.
pub(crate) async fn create(
    State(mut app): State<App>,
    caller: Caller,
    Key(request_id): Key,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let title = fields::optional_text(&body, "title")?.unwrap_or_default();
    let is_named = !request_id.is_empty();
    let request = caller.asks(READ, pb::CreateSessionRequest { title, request_id });
    let request = backends::perhaps_again(request, is_named);
    let created = backends::answer(READ, app.backends.reads.create_session(request)).await?;
    let session = created.session.ok_or_else(ApiError::internal)?;
    let place = [(LOCATION, format!("/api/sessions/{}/", session.id))];
    let session = Json(Session::from(session));
    let mut response = (StatusCode::CREATED, place, session).into_response();
    idempotency::mark(&mut response, created.replayed);
    Ok(response)
}

/// A session.
pub(crate) async fn show(
    State(mut app): State<App>,
    caller: Caller,
    SessionId(session_id): SessionId,
) -> Result<Json<Session>, ApiError> {
    let request = caller.reads(pb::GetSessionRequest { session_id });
    let found = backends::answer(READ, app.backends.reads.get_session(request)).await?;
    Ok(Json(found.session.ok_or_else(ApiError::internal)?.into()))
}

/// Renames a session, puts it away, or takes it out again.
pub(crate) async fn update(
    State(mut app): State<App>,
    caller: Caller,
    SessionId(session_id): SessionId,
    Body(body): Body,
) -> Result<Json<Session>, ApiError> {
    let title = match body.get("title") {
        None => None,
        // Without a title of its own it has its first words again.
        Some(Value::Null) => Some(String::new()),
        Some(Value::String(title)) => Some(title.clone()),
        Some(_) => return Err(fields::not_text("title")),
    };
    let archived = fields::flag(&body, "archived")?;
    if title.is_none() && archived.is_none() {
        let problem = "title or archived is required.";
        return Err(ApiError::invalid_field("non_field_errors", problem));
    }
    let request = caller.asks(READ, pb::UpdateSessionRequest { session_id, title, archived });
    let changed = backends::answer(READ, app.backends.reads.update_session(request)).await?;
    Ok(Json(changed.session.ok_or_else(ApiError::internal)?.into()))
}

/// Deletes a session and everything that was said in it.
pub(crate) async fn delete(
    State(mut app): State<App>,
    caller: Caller,
    SessionId(session_id): SessionId,
) -> Result<StatusCode, ApiError> {
    let request = caller.asks(READ, pb::DeleteSessionRequest { session_id });
    backends::answer(READ, app.backends.reads.delete_session(request)).await?;
    Ok(StatusCode::NO_CONTENT)
}
