//! `send-message/`, `get-messages/`.

mod listing;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use proto::chat::v1 as pb;
use serde::Serialize;

use crate::backends::{self, SEND};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields;
use crate::router::App;
use crate::session_id::{self, NotANumber};
use listing::Listing;

#[derive(Serialize)]
pub(crate) struct SendReply {
    message: &'static str,
    session_id: i64,
    ai_response: String,
}

/// Says something and returns the buddy's answer.
pub(crate) async fn send(
    State(mut app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<SendReply>), ApiError> {
    if !fields::is_filled(&body, "text") {
        return Err(ApiError::text_required());
    }
    let text = body.get("text").and_then(|value| value.as_str());
    let text = text.ok_or_else(|| fields::not_text("text"))?.to_owned();
    let session_id = session_id::of_field(body.get("session_id")).map_err(invalid_session)?;

    let request = caller.asks(SEND, pb::SendMessageRequest { session_id, text });
    let reply = backends::answer(SEND, app.backends.turns.send_message(request)).await?;
    let reply = SendReply {
        message: "Message successfully processed.",
        session_id: reply.session_id,
        ai_response: reply.ai_message.ok_or_else(ApiError::internal)?.text,
    };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// All messages of a session, oldest first.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = query.unwrap_or_default();
    let values = form_urlencoded::parse(query.as_bytes());
    let id = values.filter(|(name, _)| name == "session_id").map(|(_, value)| value).last();
    let id = id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::invalid_field("session_id", "This field is required."))?;
    let session_id = session_id::of_text(&id).map_err(invalid_session)?;
    Listing::new(app.backends, caller, session_id).respond().await
}

fn invalid_session(_: NotANumber) -> ApiError {
    ApiError::invalid_field("session_id", "A valid integer above zero is required.")
}
