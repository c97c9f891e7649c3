//! `account/export/`: everything that is kept of a person, as lines of JSON.
//!
//! Written while it is read. The last line counts the others: without it, the export is not whole.

use std::io;
use std::pin::Pin;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chassis::clock;
use chrono::SecondsFormat;
use futures_util::stream::{self, Peekable, StreamExt as _};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use proto::chat::v1::{ExportItem, ExportRequest, export_item};
use serde::Serialize;
use serde_json::json;
use tonic::Streaming;
use tracing::Span;

use crate::backends::READ;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::preferences::Preferences;
use crate::router::App;
use crate::views::{Day, Message, Session, Turn};

/// Grows when a line is written otherwise than before.
const FORMAT: u32 = 1;
const FILE: &str = "attachment; filename=\"ai-buddy-export.ndjson\"";

/// A line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    Preferences(Preferences),
    Session(Session),
    Turn(Box<Turn>),
    Message(Message),
    Usage(Day),
}

/// An export that is being written.
struct Export {
    items: Peekable<Streaming<ExportItem>>,
    written: u64,
    /// The request's own, which is no longer entered once the answer has begun.
    span: Span,
    is_over: bool,
}

/// Everything. Its first piece decides whether it is an error; should a later one be missing, the
/// answer breaks off.
pub(crate) async fn download(
    State(mut app): State<App>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let call = app.backends.turns.export(caller.asks_at_length(ExportRequest {}));
    let begin = async {
        let mut items = call.await?.into_inner().peekable();
        let failed = Pin::new(&mut items).next_if(Result::is_err).await;
        match failed {
            Some(Err(status)) => Err(status),
            _ => Ok(items),
        }
    };
    let items = match tokio::time::timeout(READ, begin).await {
        Ok(Ok(items)) => items,
        Ok(Err(status)) => return Err(ApiError::from(status)),
        Err(_) => return Err(ApiError::timeout()),
    };
    let export = Export { items, written: 0, span: Span::current(), is_over: false };
    let created_at = clock::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let title = json!({"type": "export", "format": FORMAT, "created_at": created_at});
    let title = stream::iter([Ok(Bytes::from(format!("{title}\n")))]);
    let lines = title.chain(stream::unfold(export, Export::step));
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(FILE));
    Ok(response)
}

impl Export {
    async fn step(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if self.is_over {
            return None;
        }
        let line = self.line().await.map_err(|error| {
            self.is_over = true;
            self.span.in_scope(|| tracing::warn!(code = error.code, "an export broke off"));
            io::Error::other(error.code)
        });
        Some((line, self))
    }

    async fn line(&mut self) -> Result<Bytes, ApiError> {
        let Some(item) = self.items.next().await.transpose()? else {
            self.is_over = true;
            let end = json!({"type": "end", "items": self.written});
            return Ok(format!("{end}\n").into());
        };
        self.written += 1;
        let item = match item.item.ok_or_else(ApiError::internal)? {
            export_item::Item::Preferences(set) => Item::Preferences(set.into()),
            export_item::Item::Session(session) => Item::Session(session.into()),
            export_item::Item::Turn(turn) => Item::Turn(Box::new((*turn).into())),
            export_item::Item::Message(message) => Item::Message(message.into()),
            export_item::Item::Usage(day) => Item::Usage(day.into()),
        };
        let mut line = serde_json::to_vec(&item).map_err(|_| ApiError::internal())?;
        line.push(b'\n');
        Ok(line.into())
    }
}
