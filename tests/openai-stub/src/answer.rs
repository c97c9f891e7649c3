//! An answer as a sequence of steps, and how it is sent.

use std::{future, io, iter, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    response::Response,
};
use futures_util::stream;
use serde_json::Value;
use tokio::{task, time};

use crate::ledger::Exchange;

/// One thing to do while a body is sent.
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Nothing more, but the connection stays open.
    Stall,
    /// The connection is closed, and the client can tell that something is missing.
    Break,
}

impl Step {
    pub(crate) fn send(piece: impl Into<Bytes>) -> Self {
        Self::Send(piece.into())
    }
}

type Steps = Box<dyn Iterator<Item = Step> + Send>;

/// When the headers are sent.
enum Opening {
    Now,
    After(Duration),
    Never,
    Drop,
}

/// Marks a response that stands for no response: the server closes the connection instead.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

pub(crate) struct Answer {
    opening: Opening,
    status: StatusCode,
    content_type: &'static str,
    retry_after: Option<String>,
    location: Option<String>,
    steps: Steps,
}

impl Answer {
    fn new<I>(content_type: &'static str, steps: I) -> Self
    where
        I: IntoIterator<Item = Step>,
        I::IntoIter: Send + 'static,
    {
        Self {
            opening: Opening::Now,
            status: StatusCode::OK,
            content_type,
            retry_after: None,
            location: None,
            steps: Box::new(steps.into_iter()),
        }
    }

    /// A stream of server-sent events.
    pub(crate) fn events<I>(steps: I) -> Self
    where
        I: IntoIterator<Item = Step>,
        I::IntoIter: Send + 'static,
    {
        Self::new("text/event-stream", steps)
    }

    /// A body that calls itself JSON, whatever the steps make of it.
    pub(crate) fn json_in_steps<I>(steps: I) -> Self
    where
        I: IntoIterator<Item = Step>,
        I::IntoIter: Send + 'static,
    {
        Self::new("application/json", steps)
    }

    pub(crate) fn json(body: &Value) -> Self {
        Self::json_in_steps([Step::send(body.to_string())])
    }

    pub(crate) fn html(body: String) -> Self {
        Self::new("text/html", [Step::send(body)])
    }

    /// No answer, and the connection stays open.
    pub(crate) fn never() -> Self {
        Self { opening: Opening::Never, ..Self::json_in_steps([]) }
    }

    /// No answer, and the connection is closed.
    pub(crate) fn dropped() -> Self {
        Self { opening: Opening::Drop, ..Self::json_in_steps([]) }
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { opening: Opening::After(delay), ..self }
    }

    pub(crate) fn with_status(self, code: u16) -> Self {
        // A number that is no HTTP status can only be meant as a failure.
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, ..self }
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<String>) -> Self {
        Self { retry_after, ..self }
    }

    /// Says that the answer is elsewhere.
    pub(crate) fn elsewhere(location: String) -> Self {
        Self { location: Some(location), ..Self::html(String::new()) }.with_status(307)
    }

    /// The same bytes, one at a time.
    pub(crate) fn trickled(self, every: Duration) -> Self {
        let steps = self.steps.flat_map(move |step| -> Steps {
            match step {
                Step::Send(piece) => Box::new(
                    (0..piece.len())
                        .flat_map(move |at| [Step::Wait(every), Step::Send(piece.slice(at..=at))]),
                ),
                other => Box::new(iter::once(other)),
            }
        });
        Self { steps: Box::new(steps), ..self }
    }

    /// Sends the headers when it is time for them, and then the body step by step.
    pub(crate) async fn deliver(self, mut exchange: Exchange) -> Response {
        match self.opening {
            Opening::Now => {}
            Opening::After(delay) => time::sleep(delay).await,
            Opening::Never => future::pending().await,
            Opening::Drop => {
                exchange.complete();
                let mut response = Response::default();
                response.extensions_mut().insert(HangUp);
                return response;
            }
        }
        let mut response = Response::new(body(self.steps, exchange));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(Ok(seconds)) = self.retry_after.map(HeaderValue::try_from) {
            headers.insert(RETRY_AFTER, seconds);
        }
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        response
    }
}

fn body(steps: Steps, exchange: Exchange) -> Body {
    let state = (steps.peekable(), exchange);
    Body::from_stream(stream::unfold(state, async |(mut steps, mut exchange)| {
        loop {
            // Lets the connection write out what it has: each piece travels on its own, and none
            // is lost when the connection breaks.
            task::yield_now().await;
            match steps.next() {
                Some(Step::Send(piece)) => {
                    if steps.peek().is_none() {
                        exchange.complete();
                    }
                    return Some((Ok(piece), (steps, exchange)));
                }
                Some(Step::Wait(pause)) => time::sleep(pause).await,
                Some(Step::Stall) => future::pending().await,
                Some(Step::Break) => {
                    exchange.complete();
                    let broken = io::Error::from(io::ErrorKind::ConnectionReset);
                    return Some((Err(broken), (steps, exchange)));
                }
                None => {
                    exchange.complete();
                    return None;
                }
            }
        }
    }))
}
