//! A list of messages as JSON, written page by page: however long the conversation, one page is in
//! memory at a time.

use std::io;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use proto::chat::v1::{ListMessagesRequest, ListMessagesResponse, Message};
use tracing::Span;

use crate::backends::{self, Backends, READ};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::etag::Part;
use crate::views::Saying;

/// Messages asked for at once.
const PAGE: i32 = 200;

/// A list that is being read.
pub(crate) struct Listing {
    backends: Backends,
    caller: Caller,
    session_id: i64,
    /// The request's own, which is no longer entered once the answer has begun.
    span: Span,
}

/// How far the writing has come.
enum Progress {
    Written { next: String },
    Done,
}

impl Listing {
    pub(crate) fn new(backends: Backends, caller: Caller, session_id: i64) -> Self {
        Self { backends, caller, session_id, span: Span::current() }
    }

    /// The answer. Its first page decides whether it is an error; should a later one fail, the
    /// answer breaks off, and is not JSON: it cannot be taken for the whole.
    pub(crate) async fn respond(mut self, headers: &HeaderMap) -> Result<Response, ApiError> {
        let part = Part(String::new());
        let known = part.known(headers);
        let first = self.page(String::new(), known.version()).await?;
        let version = first.version;
        if known.suffices(first.not_modified) {
            return Ok(part.not_modified(version));
        }
        let mut start = b"{\"messages\":[".to_vec();
        write(&mut start, first.messages)?;
        let body = if first.next_page_token.is_empty() {
            start.extend_from_slice(b"]}");
            Body::from(start)
        } else {
            let progress = Progress::Written { next: first.next_page_token };
            let rest = stream::unfold((self, progress), |(mut listing, progress)| async {
                let chunk = match progress {
                    Progress::Done => return None,
                    Progress::Written { next } => listing.chunk(next).await,
                };
                Some(match chunk {
                    Ok((chunk, progress)) => (Ok(chunk), (listing, progress)),
                    Err(error) => {
                        let code = error.code;
                        listing.span.in_scope(|| {
                            tracing::warn!(code, "a list of messages broke off");
                        });
                        (Err(io::Error::other(error.code)), (listing, Progress::Done))
                    }
                })
            });
            let start = stream::iter([Ok(Bytes::from(start))]);
            Body::from_stream(futures_util::StreamExt::chain(start, rest))
        };
        let mut response = body.into_response();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        // Should something be said while this is written, the tag is older than the list, and the
        // client asks once more than it had to.
        Ok(part.mark(response, version))
    }

    async fn page(
        &mut self,
        page_token: String,
        known_version: Option<i64>,
    ) -> Result<ListMessagesResponse, ApiError> {
        let (session_id, page_size) = (self.session_id, PAGE);
        let request = ListMessagesRequest {
            session_id,
            page_size,
            page_token,
            known_version,
            ..ListMessagesRequest::default()
        };
        let request = self.caller.reads(request);
        backends::answer(READ, self.backends.reads.list_messages(request)).await
    }

    async fn chunk(&mut self, next: String) -> Result<(Bytes, Progress), ApiError> {
        let page = self.page(next, None).await?;
        let mut json = Vec::new();
        if !page.messages.is_empty() {
            json.push(b',');
            write(&mut json, page.messages)?;
        }
        let progress = if page.next_page_token.is_empty() {
            json.extend_from_slice(b"]}");
            Progress::Done
        } else {
            Progress::Written { next: page.next_page_token }
        };
        Ok((json.into(), progress))
    }
}

fn write(json: &mut Vec<u8>, messages: Vec<Message>) -> Result<(), ApiError> {
    for (position, message) in messages.into_iter().enumerate() {
        if position > 0 {
            json.push(b',');
        }
        serde_json::to_writer(&mut *json, &Saying::from(message))
            .map_err(|_| ApiError::internal())?;
    }
    Ok(())
}
