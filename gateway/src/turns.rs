//! `turns/{id}/…`: one message and the reply to it, while it is made and afterwards.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use proto::chat::v1 as pb;
use proto::chat::v1::turn::State as Progress;
use serde::Serialize;

use crate::backends::{self, READ};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::events::position::{self, Position};
use crate::idempotency::Key;
use crate::ids::TurnId;
use crate::query::Query;
use crate::replies::{self, Listener, Reply};
use crate::router::App;
use crate::views::{Message, Session, Turn};
use crate::{events, fields};

/// A turn as it is now.
pub(crate) async fn show(
    State(mut app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
) -> Result<Json<Turn>, ApiError> {
    let request = caller.reads(pb::GetTurnRequest { turn_id });
    let found = backends::answer(READ, app.backends.reads.get_turn(request)).await?;
    Ok(Json(found.turn.ok_or_else(ApiError::internal)?.into()))
}

/// Tells a reply from where the client has read it to. 204 stops a browser that comes back although
/// it has read the end.
pub(crate) async fn watch(
    State(mut app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let header = headers.get(events::LAST_ID).map(|value| value.to_str().unwrap_or("?"));
    let header = header.filter(|id| !id.is_empty());
    let seen = header.or(query.text("last_event_id"));
    let last = match seen {
        None => Position::default(),
        Some(id) => {
            let position = Position::parse(position::without_end(id))?;
            if position::is_end(id) && is_over(&mut app, &caller, turn_id, position).await? {
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            position
        }
    };
    let (Position { attempt, offset }, from_start) = (last, seen.is_none());
    let request = pb::WatchTurnRequest { turn_id, attempt, offset, from_start };
    let request = caller.asks_at_length(request);
    let listener = Listener::new(&app, caller);
    let watch = app.backends.turns.watch_turn(request);
    let reply = Reply::join(listener, (turn_id, last), watch).await?;
    Ok(events::respond(&app, &headers, reply))
}

/// Whether what a client takes for the end of a turn still is: one that has failed may have been
/// answered since.
async fn is_over(
    app: &mut App,
    caller: &Caller,
    turn_id: i64,
    position: Position,
) -> Result<bool, ApiError> {
    let request = caller.reads(pb::GetTurnRequest { turn_id });
    let found = backends::answer(READ, app.backends.reads.get_turn(request)).await?;
    let turn = found.turn.ok_or_else(ApiError::internal)?;
    Ok(match turn.state() {
        Progress::Failed => true,
        Progress::Completed | Progress::Cancelled => turn.attempt == position.attempt,
        Progress::Queued | Progress::Running | Progress::Unspecified => false,
    })
}

#[derive(Serialize)]
pub(crate) struct Cancelled {
    turn: Turn,
    ai_message: Option<Message>,
}

/// Stops a reply and keeps of it what was seen.
pub(crate) async fn cancel(
    State(mut app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
    Body(body): Body,
) -> Result<Json<Cancelled>, ApiError> {
    let seen = fields::optional_text(&body, "last_event_id")?;
    let seen = seen.map(|id| Position::parse(position::without_end(&id))).transpose()?;
    let (attempt, offset) = (seen.unwrap_or_default().attempt, seen.map(|seen| seen.offset));
    let request = caller.asks(READ, pb::CancelTurnRequest { turn_id, attempt, offset });
    let stopped = backends::answer(READ, app.backends.reads.cancel_turn(request)).await?;
    let turn = stopped.turn.ok_or_else(ApiError::internal)?.into();
    Ok(Json(Cancelled { turn, ai_message: stopped.ai_message.map(Message::from) }))
}

/// Answers a turn that has failed. Such a turn was taken on long ago: nothing need happen for a while.
pub(crate) async fn retry(
    State(app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut turns = app.backends.turns.clone();
    let request = caller.asks_at_length(pb::RetryTurnRequest { turn_id });
    let (listener, start) = (Listener::new(&app, caller), (turn_id, Position::default()));
    let join = Reply::join(listener, start, turns.retry_turn(request));
    replies::respond(&app, &headers, join).await
}

/// Another reply to what a turn answered.
pub(crate) async fn regenerate(
    State(app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
    Key(request_id): Key,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut turns = app.backends.turns.clone();
    let request = caller.asks_at_length(pb::RegenerateReplyRequest { turn_id, request_id });
    let begin = Reply::begin(Listener::new(&app, caller), turns.regenerate_reply(request));
    replies::respond(&app, &headers, begin).await
}

/// Goes back to the branch that a turn is in.
pub(crate) async fn select(
    State(mut app): State<App>,
    caller: Caller,
    TurnId(turn_id): TurnId,
) -> Result<Json<Session>, ApiError> {
    let request = caller.asks(READ, pb::SelectTurnRequest { turn_id });
    let selected = backends::answer(READ, app.backends.reads.select_turn(request)).await?;
    Ok(Json(selected.session.ok_or_else(ApiError::internal)?.into()))
}
