//! Whether those who call take what they are told.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::identity::{Caller, Peer};

/// Middleware: sees how a connection gets along with its answers. Services take theirs, and over one
/// connection those of everybody.
pub(super) async fn watch(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let is_service = Caller::told_by(extensions).is_service();
    let peer = extensions.get::<Peer>().filter(|_| !is_service).cloned();
    let response = next.run(request).await;
    match peer {
        Some(peer) => response.map(|body| peer.pace.of(body)),
        None => response,
    }
}
