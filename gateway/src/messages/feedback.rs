//! `messages/{id}/feedback/`: what a person thinks of a reply.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use proto::chat::v1 as pb;

use crate::backends::{self, READ};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields;
use crate::ids::MessageId;
use crate::router::App;
use crate::views::Message;

/// Says it.
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    MessageId(message_id): MessageId,
    Body(body): Body,
) -> Result<Json<Message>, ApiError> {
    let rating = match body.get("rating").and_then(|value| value.as_str()) {
        Some("up") => pb::Rating::Up,
        Some("down") => pb::Rating::Down,
        _ => return Err(ApiError::invalid_field("rating", "Must be \"up\" or \"down\".")),
    };
    let comment = fields::optional_text(&body, "comment")?.unwrap_or_default();
    let feedback = pb::Feedback { rating: rating.into(), comment };
    let message = change(app, &caller, message_id, Some(feedback)).await?;
    Ok(Json(message.ok_or_else(ApiError::internal)?.into()))
}

/// Takes it back.
pub(crate) async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    MessageId(message_id): MessageId,
) -> Result<StatusCode, ApiError> {
    change(app, &caller, message_id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    mut app: App,
    caller: &Caller,
    message_id: i64,
    feedback: Option<pb::Feedback>,
) -> Result<Option<pb::Message>, ApiError> {
    let request = caller.asks(READ, pb::SetFeedbackRequest { message_id, feedback });
    Ok(backends::answer(READ, app.backends.reads.set_feedback(request)).await?.message)
}
