//! `send-message/`, `get-messages/`, `messages/{id}/…`, `search/`.

pub(crate) mod feedback;
mod listing;
pub(crate) mod page;
pub(crate) mod search;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use proto::chat::v1 as pb;
use serde_json::{Map, Value};

use crate::backends::{self, SEND};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::idempotency::Key;
use crate::ids::{self, MessageId};
use crate::query::Query;
use crate::replies::{self, Listener, Reply};
use crate::router::App;
use crate::views::Safety;
use crate::{accept, disclosure, fields};
use listing::Listing;

/// Says something and returns the buddy's answer: 201 with the whole of it, or 200 and events while
/// it is made.
pub(crate) async fn send(
    State(app): State<App>,
    caller: Caller,
    Key(request_id): Key,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let text = text_of(&body)?;
    let session_id =
        ids::of_field(body.get("session_id")).map_err(|_| ids::invalid("session_id"))?;
    let is_named = !request_id.is_empty();
    let request = pb::SendMessageRequest { session_id, text, request_id };
    if accept::wants_events(&headers) {
        let mut turns = app.backends.turns.clone();
        let call = turns.stream_message(caller.asks_at_length(request));
        let begin = Reply::begin(Listener::new(&app, caller), call);
        return replies::respond(&app, &headers, begin).await;
    }
    let request = backends::perhaps_again(caller.asks(SEND, request), is_named);
    let mut turns = app.backends.turns.clone();
    let answer = backends::answer(SEND, turns.send_message(request));
    let reply = replies::wait_for(&app, answer).await;
    let reply = reply.unwrap_or_else(|| Err(ApiError::stopping()))?;
    let (Some(turn), Some(ai_message)) = (reply.turn, reply.ai_message) else {
        return Err(ApiError::internal());
    };
    let safety = turn.safety.and_then(Safety::of);
    let mut response = replies::whole(turn.id, reply.session_id, ai_message.text, safety);
    replies::tell(&mut response, reply.replayed, reply.limits);
    disclosure::mark(&mut response, reply.disclosure.as_ref());
    Ok(response)
}

/// Says something else in place of an earlier message.
pub(crate) async fn edit(
    State(app): State<App>,
    caller: Caller,
    MessageId(message_id): MessageId,
    Key(request_id): Key,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let text = text_of(&body)?;
    let request = pb::EditMessageRequest { message_id, text, request_id };
    let mut turns = app.backends.turns.clone();
    let call = turns.edit_message(caller.asks_at_length(request));
    let begin = Reply::begin(Listener::new(&app, caller), call);
    replies::respond(&app, &headers, begin).await
}

fn text_of(body: &Map<String, Value>) -> Result<String, ApiError> {
    if !fields::is_filled(body, "text") {
        return Err(ApiError::text_required());
    }
    let text = body.get("text").and_then(|value| value.as_str());
    Ok(text.ok_or_else(|| fields::not_text("text"))?.to_owned())
}

/// All messages of a session, oldest first.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let id = query.id("session_id")?;
    let id = id.ok_or_else(|| ApiError::invalid_field("session_id", "This field is required."))?;
    Listing::new(app.backends, caller, id).respond(&headers).await
}
