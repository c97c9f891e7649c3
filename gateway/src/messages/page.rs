//! `sessions/{id}/messages/`: as much of a conversation as somebody wants to see.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use proto::chat::v1::ListMessagesRequest;
use serde::Serialize;

use crate::backends::{self, READ};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::etag::Part;
use crate::ids::SessionId;
use crate::query::Query;
use crate::router::App;
use crate::views::Message;

/// Messages in an answer, if nobody says how many.
const SIZE: i32 = 100;
/// Above every id there is: what comes before it is the newest.
const NEWEST: i64 = (1 << 53) - 1;

/// From where on, in which direction.
enum Place {
    After(i64),
    Before(i64),
}

#[derive(Serialize)]
struct Page {
    messages: Vec<Message>,
    has_more: bool,
}

/// Some messages of a session, oldest first: the newest, unless a place is named.
pub(crate) async fn list(
    State(mut app): State<App>,
    caller: Caller,
    SessionId(session_id): SessionId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let place = Place::read(&query)?;
    let page_size = query.count("limit", 1..=500)?.unwrap_or(SIZE);
    let all_branches = query.says("branches", "all")?;
    let part = place.part(page_size, all_branches);
    let known = part.known(&headers);
    let (after_id, before_id) = match place {
        Place::After(id) => (Some(id), None),
        Place::Before(id) => (None, Some(id)),
    };
    let known_version = known.version();
    let page_token = String::new();
    let request = ListMessagesRequest {
        session_id,
        page_size,
        page_token,
        after_id,
        before_id,
        all_branches,
        known_version,
    };
    let call = app.backends.reads.list_messages(caller.reads(request));
    let found = backends::answer(READ, call).await?;
    if known.suffices(found.not_modified) {
        return Ok(part.not_modified(found.version));
    }
    let has_more = match place {
        Place::After(_) => !found.next_page_token.is_empty(),
        Place::Before(_) => found.has_more_before,
    };
    let messages = found.messages.into_iter().map(Message::from).collect();
    Ok(part.mark(Json(Page { messages, has_more }).into_response(), found.version))
}

impl Place {
    fn read(query: &Query) -> Result<Self, ApiError> {
        // Nothing has the number 0: what follows it is everything.
        let after = if query.text("after") == Some("0") { Some(0) } else { query.id("after")? };
        match (after, query.id("before")?) {
            (None, before) => Ok(Self::Before(before.unwrap_or(NEWEST))),
            (Some(after), None) => Ok(Self::After(after)),
            (Some(_), Some(_)) => Err(ApiError::invalid_field("after", "Not with before.")),
        }
    }

    /// What the answer is a part of the session by.
    fn part(&self, page_size: i32, all_branches: bool) -> Part {
        let place = match self {
            Self::After(id) => format!("-a{id}"),
            Self::Before(NEWEST) => String::new(),
            Self::Before(id) => format!("-b{id}"),
        };
        let branches = if all_branches { "-all" } else { "" };
        Part(format!("{place}-l{page_size}{branches}"))
    }
}
