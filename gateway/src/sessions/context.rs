//! `sessions/{id}/context/`: what the model would be sent next.

use axum::Json;
use axum::extract::State;
use proto::chat::v1::GetContextRequest;
use proto::chat::v1::get_context_response::Entry;
use serde::Serialize;

use crate::backends::{self, READ};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::ids::SessionId;
use crate::query::Query;
use crate::router::App;

#[derive(Serialize)]
pub(crate) struct Context {
    messages: Vec<Line>,
    window_tokens: i64,
    reply_tokens: i64,
    reserve_tokens: i64,
    prompt_tokens: i64,
    is_cut: bool,
}

/// One message of the model's protocol.
#[derive(Serialize)]
struct Line {
    role: String,
    content: String,
}

/// Exactly what the model would be sent with the next message.
pub(crate) async fn show(
    State(mut app): State<App>,
    caller: Caller,
    SessionId(session_id): SessionId,
    query: Query,
) -> Result<Json<Context>, ApiError> {
    let text = query.text("text").unwrap_or_default().to_owned();
    let request = caller.reads(GetContextRequest { session_id, text });
    let context = backends::answer(READ, app.backends.reads.get_context(request)).await?;
    let line = |Entry { role, content }| Line { role, content };
    Ok(Json(Context {
        messages: context.entries.into_iter().map(line).collect(),
        window_tokens: context.window_tokens,
        reply_tokens: context.reply_tokens,
        reserve_tokens: context.reserve_tokens,
        prompt_tokens: context.prompt_tokens,
        is_cut: context.is_cut,
    }))
}
