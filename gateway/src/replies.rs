//! A reply as the service tells it: passed on while it is made, or collected into a whole.

use std::future::Future;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use proto::chat::v1::turn_event::{Accepted, Event};
use proto::chat::v1::{RateLimit, TurnEvent};
use serde::Serialize;
use tonic::{Status, Streaming};

use crate::backends::{self, SEND};
use crate::error::ApiError;
use crate::events::position::Position;
use crate::limits::Limit;
use crate::router::App;
use crate::{accept, events, idempotency, limits};

/// A reply that is being told.
pub(crate) struct Reply {
    events: Streaming<TurnEvent>,
    /// Taken already, to know how the answer begins.
    first: Option<TurnEvent>,
}

type Told = Result<tonic::Response<Streaming<TurnEvent>>, Status>;

impl Reply {
    /// Waits until the turn is taken on: until then it can still be refused.
    pub(crate) async fn begin(call: impl Future<Output = Told>) -> Result<Self, ApiError> {
        let begin = async {
            let mut events = call.await?.into_inner();
            let first = events.message().await?.ok_or_else(ApiError::unavailable)?;
            Ok(Self { events, first: Some(first) })
        };
        tokio::time::timeout(SEND, begin).await.unwrap_or_else(|_| Err(ApiError::timeout()))
    }

    /// Joins a turn that was taken on earlier, in which nothing may happen for a while.
    pub(crate) async fn join(call: impl Future<Output = Told>) -> Result<Self, ApiError> {
        let events = backends::answer(SEND, call).await?;
        Ok(Self { events, first: None })
    }

    /// What happens next. There is always something, until the last event was told.
    pub(crate) async fn next(&mut self) -> Result<TurnEvent, ApiError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        match self.events.message().await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err(ApiError::broken_off(None)),
            Err(status) => Err(ApiError::broken_off(Some(status))),
        }
    }

    /// Reads a reply to its end.
    async fn collect(mut self) -> Result<Response, ApiError> {
        let (mut text, mut accepted) = (String::new(), Accepted::default());
        loop {
            let event = self.next().await?;
            match event.event {
                Some(Event::Accepted(head)) => accepted = head,
                Some(Event::Delta(delta)) => text.push_str(&delta.text),
                Some(Event::Reset(_)) => text.clear(),
                Some(Event::Failed(failed)) => {
                    let error = ApiError::from(&failed);
                    return Err(error.about_turn(event.turn_id, accepted.session_id));
                }
                Some(Event::Done(done)) => {
                    let turn = done.turn.ok_or_else(ApiError::internal)?;
                    if turn.ai_message_id.is_none() {
                        return Err(ApiError::cancelled().about_turn(turn.id, turn.session_id));
                    }
                    let mut response = whole(turn.id, turn.session_id, text);
                    tell(&mut response, accepted.replayed, accepted.limits);
                    return Ok(response);
                }
                None => {}
            }
        }
    }
}

/// Answers with a reply in the way that the client wants: told, or as a whole.
pub(crate) async fn respond(
    app: &App,
    headers: &HeaderMap,
    begin: impl Future<Output = Result<Reply, ApiError>>,
) -> Result<Response, ApiError> {
    if !accept::wants_events(headers) {
        let collected = async { begin.await?.collect().await };
        let collected = tokio::time::timeout(SEND, collected).await;
        return collected.unwrap_or_else(|_| Err(ApiError::timeout()));
    }
    let reply = begin.await?;
    let first = reply.first.as_ref().and_then(|first| first.event.clone());
    let mut response = events::respond(app, reply, Position::default());
    if let Some(Event::Accepted(accepted)) = first {
        tell(&mut response, accepted.replayed, accepted.limits);
    }
    Ok(response)
}

#[derive(Serialize)]
struct Whole {
    message: &'static str,
    session_id: i64,
    ai_response: String,
}

/// The answer with a whole reply.
pub(crate) fn whole(turn_id: i64, session_id: i64, ai_response: String) -> Response {
    let message = "Message successfully processed.";
    let whole = Whole { message, session_id, ai_response };
    let place = [(LOCATION, format!("/api/turns/{turn_id}/"))];
    (StatusCode::CREATED, place, Json(whole)).into_response()
}

/// Tells, beside the answer, whether it is new and what is left of the person's limits.
pub(crate) fn tell(response: &mut Response, replayed: bool, left: Vec<RateLimit>) {
    idempotency::mark(response, replayed);
    let left: Vec<_> = left.into_iter().map(Limit::from).collect();
    limits::write(response.headers_mut(), &left);
}
