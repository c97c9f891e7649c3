//! The HTTP side: connections and routes.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, Request, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time,
};
use tower::ServiceExt;

use crate::{Heard, answer::HangUp, ledger::Ledger, paper, telling};

/// Takes connections until it is dropped; then they are dropped with it.
pub(crate) async fn serve(listener: TcpListener, ledger: Arc<Ledger>, verdicts: Arc<Ledger>) {
    let router = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(async || Json(paper::models())))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "There is no such path."))
        .layer(DefaultBodyLimit::disable())
        .with_state(Ledgers { ledger, verdicts });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                // Most likely too many files are open; some will be closed.
                Err(_) => time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // A token must not wait for the acknowledgement of the token before it; without this option
    // it is only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request).await;
            // An error, unlike any response, makes the connection close without a word.
            match response.extensions().get::<HangUp>() {
                Some(HangUp) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    // It fails when the client leaves or when it was told to drop; the ledger knows about both.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Replies and verdicts are kept apart.
#[derive(Clone)]
struct Ledgers {
    ledger: Arc<Ledger>,
    verdicts: Arc<Ledger>,
}

async fn chat(State(ledgers): State<Ledgers>, headers: HeaderMap, body: Bytes) -> Response {
    match Heard::read(&headers, &body) {
        Ok(heard) => {
            let Ledgers { ledger, verdicts } = ledgers;
            let ledger = if heard.has_format() { verdicts } else { ledger };
            let (exchange, behaviour) = ledger.open(heard.clone());
            telling::answer(behaviour, &heard, exchange.number()).deliver(exchange).await
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(paper::error(message, "invalid_request_error", None))).into_response()
}
