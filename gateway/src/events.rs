//! Turns as server-sent events. Events are taken from the service only as the client takes them:
//! what nobody reads is not fetched, and nothing is kept here.

mod frame;
pub(crate) mod position;

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use self::frame::Frame;
use crate::error::ApiError;
use crate::help::{self, Help};
use crate::replies::{LAST_CHANCE, Reply};
use crate::router::App;

/// How far a client that comes back has read.
pub(crate) const LAST_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells proxies to pass on what they get at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// What a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(1);

/// A reply that is being told.
struct Telling {
    reply: Reply,
    /// For where the person seems to be, should there be no reply.
    help: Help,
    /// Cancelled when the gateway cannot wait any longer.
    overdue: CancellationToken,
    /// The request's own, which is no longer entered once the answer has begun.
    span: Span,
    is_over: bool,
}

/// The answer that tells a reply.
pub(crate) fn respond(app: &App, headers: &HeaderMap, reply: Reply) -> Response {
    let (help, span) = (help::accepted_region(headers).into(), Span::current());
    let overdue = app.overdue.clone();
    let telling = Telling { reply, help, overdue, span, is_over: false };
    let first = stream::once(ready(Event::default().retry(RETRY)));
    let events = first.chain(stream::unfold(telling, Telling::step)).map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(app.streams.keep_alive);
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

impl Telling {
    async fn step(mut self) -> Option<(Event, Self)> {
        if self.is_over {
            return None;
        }
        let frame = self.next().await;
        self.is_over = frame.is_last;
        Some((frame.event, self))
    }

    async fn next(&mut self) -> Frame {
        loop {
            let told = match self.overdue.run_until_cancelled(self.reply.next()).await {
                Some(told) => told,
                None if self.reply.is_known() => return self.error(ApiError::restarting()),
                // Whoever does not know the turn could only say it once more.
                None => {
                    let told = timeout(LAST_CHANCE, self.reply.next()).await;
                    told.unwrap_or_else(|_| Err(ApiError::restarting()))
                }
            };
            match told {
                Ok(told) => {
                    let position = self.reply.position();
                    if let Some(frame) = Frame::of(position, told, &mut self.help) {
                        return frame;
                    }
                }
                Err(error) => {
                    let code = error.code;
                    self.span.in_scope(|| tracing::warn!(code, "a reply broke off"));
                    return self.error(error);
                }
            }
        }
    }

    /// The end of the telling, though not of the reply.
    fn error(&self, error: ApiError) -> Frame {
        Frame::error(self.reply.position(), &error.with_help(self.help.clone()), true)
    }
}
