//! A reply as the service tells it: passed on while it is made, or collected into a whole.

mod source;

use std::future::Future;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use proto::chat::v1::turn_event::{Accepted, Disclosure, Event};
use proto::chat::v1::{RateLimit, TurnEvent};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tonic::{Status, Streaming};

use self::source::Source;
use crate::backends::{self, SEND};
use crate::error::ApiError;
use crate::events::position::Position;
use crate::limits::Limit;
use crate::router::App;
use crate::views::Safety;
use crate::{accept, disclosure, events, idempotency, limits};

pub(crate) use source::Listener;

/// How long the gateway waits, when it cannot wait any longer, for what may come just then: a whole answer, or which
/// turn it is.
pub(crate) const LAST_CHANCE: Duration = Duration::from_secs(1);

/// A reply that is being told.
pub(crate) struct Reply {
    source: Source,
    /// Taken already, to know how the answer begins.
    first: Option<TurnEvent>,
}

type Told = Result<tonic::Response<Streaming<TurnEvent>>, Status>;

impl Reply {
    /// Waits until something is told: until then the turn can still be refused. What is told is that
    /// it was taken on, or what cannot wait for that.
    pub(crate) async fn begin(
        listener: Listener,
        call: impl Future<Output = Told>,
    ) -> Result<Self, ApiError> {
        let begin = async {
            let mut source = Source::new(listener, call.await?.into_inner());
            let first = source.first().await?.ok_or_else(ApiError::unavailable)?;
            Ok(Self { source, first: Some(first) })
        };
        timeout(SEND, begin).await.unwrap_or_else(|_| Err(ApiError::timeout()))
    }

    /// Joins a turn that was taken on earlier, in which nothing may happen for a while, at this place.
    pub(crate) async fn join(
        listener: Listener,
        (turn_id, position): (i64, Position),
        call: impl Future<Output = Told>,
    ) -> Result<Self, ApiError> {
        let events = backends::answer(SEND, call).await?;
        let source = Source::new(listener, events).from(turn_id, position);
        Ok(Self { source, first: None })
    }

    /// How far it has been told.
    pub(crate) fn position(&self) -> Position {
        self.source.position()
    }

    /// Whether whoever reads was told which turn it is.
    pub(crate) fn is_known(&self) -> bool {
        self.first.is_none() && self.source.is_known()
    }

    /// What happens next. There is always something, until the last event was told.
    pub(crate) async fn next(&mut self) -> Result<TurnEvent, ApiError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        self.source.next().await
    }

    /// Reads a reply to its end. What is told beside it goes to `beside` at once, where it is found whatever
    /// becomes of the reply.
    async fn collect(mut self, beside: &mut Beside) -> Result<Response, ApiError> {
        let mut text = String::new();
        loop {
            let event = self.next().await?;
            match event.event {
                Some(Event::Accepted(head)) => {
                    beside.turn = Some((event.turn_id, head.session_id));
                    beside.accepted = head;
                }
                Some(Event::Safety(safety)) => {
                    beside.noticed = Safety::of(safety).or(beside.noticed.take());
                    self.source.hurry();
                }
                Some(Event::Disclosure(said)) => beside.disclosure = Some(said),
                Some(Event::Delta(delta)) => text.push_str(&delta.text),
                Some(Event::Reset(_)) => text.clear(),
                Some(Event::Failed(failed)) => return Err(ApiError::from(&failed)),
                Some(Event::Done(done)) => {
                    let mut turn = done.turn.ok_or_else(ApiError::internal)?;
                    beside.turn = Some((turn.id, turn.session_id));
                    let of_turn = turn.safety.take().and_then(Safety::of);
                    beside.noticed = beside.noticed.take().or(of_turn);
                    if turn.ai_message_id.is_none() {
                        return Err(ApiError::cancelled());
                    }
                    return Ok(whole(turn.id, turn.session_id, text, beside.noticed.take()));
                }
                None => {}
            }
        }
    }
}

/// What is told beside a reply.
#[derive(Default)]
struct Beside {
    /// The turn and its session, once it is taken on.
    turn: Option<(i64, i64)>,
    accepted: Accepted,
    noticed: Option<Safety>,
    disclosure: Option<Disclosure>,
}

impl Beside {
    /// The error for whoever cannot be waited for any longer.
    fn left_behind(&self) -> ApiError {
        if self.turn.is_some() { ApiError::restarting() } else { ApiError::stopping() }
    }

    /// Says it beside an answer, also beside one that is no reply.
    fn tell(self, answer: Result<Response, ApiError>) -> Response {
        let mut response = match (answer, self.turn) {
            (Ok(mut response), _) => {
                tell(&mut response, self.accepted.replayed, self.accepted.limits);
                response
            }
            (Err(error), Some((turn, session))) => {
                error.about_turn(turn, session).with_safety(self.noticed).into_response()
            }
            (Err(error), None) => error.with_safety(self.noticed).into_response(),
        };
        disclosure::mark(&mut response, self.disclosure.as_ref());
        response
    }
}

/// Waits for an answer, but not until its connection is cut off because the gateway stops: `None` then.
pub(crate) async fn wait_for<T>(app: &App, answer: impl Future<Output = T>) -> Option<T> {
    let too_late = async {
        app.overdue.cancelled().await;
        sleep(LAST_CHANCE).await;
    };
    tokio::select! {
        answer = answer => Some(answer),
        () = too_late => None,
    }
}

/// Answers with a reply in the way that the client wants: told, or as a whole.
pub(crate) async fn respond(
    app: &App,
    headers: &HeaderMap,
    begin: impl Future<Output = Result<Reply, ApiError>>,
) -> Result<Response, ApiError> {
    let begin = Box::pin(begin);
    if !accept::wants_events(headers) {
        let mut beside = Beside::default();
        let collected = Box::pin(async { begin.await?.collect(&mut beside).await });
        let in_time =
            async { timeout(SEND, collected).await.unwrap_or_else(|_| Err(ApiError::timeout())) };
        let collected = wait_for(app, in_time).await;
        let collected = collected.unwrap_or_else(|| Err(beside.left_behind()));
        return Ok(beside.tell(collected));
    }
    let reply = wait_for(app, begin).await.unwrap_or_else(|| Err(ApiError::stopping()))?;
    let first = reply.first.as_ref().and_then(|first| first.event.clone());
    let mut response = events::respond(app, headers, reply);
    // Help that comes first does not wait for what these headers need.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    safety: Option<Safety>,
}

/// The answer with a whole reply. It has exactly the keys that it always had, unless the person may be
/// in danger.
pub(crate) fn whole(
    turn_id: i64,
    session_id: i64,
    ai_response: String,
    safety: Option<Safety>,
) -> Response {
    let message = "Message successfully processed.";
    let whole = Whole { message, session_id, ai_response, safety };
    let place = [(LOCATION, format!("/api/turns/{turn_id}/"))];
    (StatusCode::CREATED, place, Json(whole)).into_response()
}

/// Tells, beside the answer, whether it is new and what is left of the person's limits.
pub(crate) fn tell(response: &mut Response, replayed: bool, left: Vec<RateLimit>) {
    idempotency::mark(response, replayed);
    let left: Vec<_> = left.into_iter().map(Limit::from).collect();
    limits::write(response.headers_mut(), &left);
}
