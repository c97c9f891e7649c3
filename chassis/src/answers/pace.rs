//! Whether a client takes what it asked for. Over HTTP/2 it may say how much it takes, if anything, and until
//! then an answer lies here while the connection itself is well.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use super::backlog::{Backlog, Pile};

/// The largest piece of an answer that is handed out at once, in bytes: what was handed out is out of
/// our hands.
const PIECE: usize = 16 * 1024;

/// How the answers of one connection get along.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    state: Arc<Mutex<State>>,
    pile: Arc<Pile>,
}

#[derive(Debug)]
struct State {
    /// Answers that are there, or a piece of which was handed out, and of which no more was asked for.
    waiting: usize,
    /// When one was last asked for.
    asked: Instant,
}

impl Pace {
    pub(crate) fn new(backlog: &Backlog) -> Self {
        let state = State { waiting: 0, asked: Instant::now() };
        Self { state: Arc::new(Mutex::new(state)), pile: Arc::new(backlog.pile()) }
    }

    /// An answer that says how it gets along.
    pub(crate) fn of(&self, body: Body) -> Body {
        let (pace, rest) = (self.clone(), Bytes::new());
        let mut paced = Paced { body, rest, after: None, pace, is_waiting: false, held: 0 };
        // What is there already lies here, whether or not anybody ever asks for it.
        let context = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(first) = Pin::new(&mut paced.body).poll_frame(context) {
            paced.keep(first);
        }
        paced.hold();
        paced.is_waiting = true;
        self.with(|state| {
            // One more that is not taken is no sign that something is.
            if state.waiting == 0 {
                state.asked = Instant::now();
            }
            state.waiting += 1;
        });
        Body::new(paced)
    }

    /// Returns when the connection should end: when answers have waited for so long and nothing was taken
    /// of any, or when more lies here than may, and most of it for this connection.
    pub(crate) async fn ends(&self, patience: Duration) {
        tokio::select! {
            () = self.stalls(patience) => tracing::debug!("nothing of an answer was taken"),
            () = self.pile.has_to_go() => {}
        }
    }

    async fn stalls(&self, patience: Duration) {
        while self.with(|state| state.waiting == 0 || state.asked.elapsed() < patience) {
            tokio::time::sleep(patience / 8).await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a body says when it is asked for more.
type Next = Option<Result<Frame<Bytes>, axum::Error>>;

/// An answer, in small pieces.
struct Paced {
    body: Body,
    rest: Bytes,
    /// What comes then, if it is known already and nothing to be handed out in pieces: trailers, an error,
    /// or the end.
    after: Option<Next>,
    pace: Pace,
    is_waiting: bool,
    /// What lies here of it, in bytes, as far as we know: more of a stream is made when it is asked for.
    held: u64,
}

impl Paced {
    fn hold(&mut self) {
        let now = self.size_hint().lower();
        self.pace.pile.change(std::mem::replace(&mut self.held, now), now);
    }

    fn keep(&mut self, next: Next) {
        match next.map(|next| next.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => self.rest = data,
            Some(Ok(Err(other))) => self.after = Some(Some(Ok(other))),
            Some(Err(error)) => self.after = Some(Some(Err(error))),
            None => self.after = Some(None),
        }
    }

    /// Says that it was asked for more, and whether it waits to be asked again.
    fn is_asked(&mut self, waits: bool) {
        self.wait(waits);
        self.pace.with(|state| state.asked = Instant::now());
    }

    fn wait(&mut self, waits: bool) {
        let was_waiting = std::mem::replace(&mut self.is_waiting, waits);
        self.pace.with(|state| {
            state.waiting = state.waiting + usize::from(waits) - usize::from(was_waiting);
        });
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // It is us who are waited for, until there is something.
        self.is_asked(false);
        if self.rest.is_empty() && self.after.is_none() {
            let next = ready!(Pin::new(&mut self.body).poll_frame(context));
            self.keep(next);
        }
        if let Some(after) = self.after.take() {
            return Poll::Ready(after);
        }
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        self.hold();
        self.is_asked(true);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.after {
            Some(after) => after.is_none(),
            None => self.rest.is_empty() && self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        // That somebody does not want it any more is no sign that anything is taken.
        self.wait(false);
        self.pace.pile.change(self.held, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http::HeaderMap;
    use http_body_util::BodyExt as _;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(400);
    /// Longer than that.
    const LONG: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(&Backlog::new(u64::MAX))
    }

    async fn stalls(pace: &Pace) -> bool {
        timeout(LONG, pace.stalls(PATIENCE)).await.is_ok()
    }

    /// What a client takes when it has room: the size of a piece, 0 at the end.
    async fn take(body: &mut Body) -> usize {
        let frame = body.frame().await;
        frame.map_or(0, |frame| frame.unwrap().into_data().unwrap().len())
    }

    #[tokio::test]
    async fn an_answer_of_which_nothing_is_taken_stalls_and_one_that_is_taken_slowly_does_not() {
        let pace = pace();
        assert!(!stalls(&pace).await, "nothing is there");
        let mut body = pace.of(Body::from(vec![b'a'; 3 * PIECE + 1]));
        assert_eq!(body.size_hint().exact(), Some(3 * PIECE as u64 + 1));
        let taking = async {
            for _ in 0..3 {
                assert_eq!(take(&mut body).await, PIECE);
                tokio::time::sleep(PATIENCE / 20).await;
            }
        };
        tokio::select! {
            () = taking => {}
            () = pace.stalls(PATIENCE) => panic!("it was taken"),
        }
        assert!(stalls(&pace).await, "the rest is not taken");
        assert_eq!((take(&mut body).await, take(&mut body).await), (1, 0));
        drop(body);
        assert!(!stalls(&pace).await, "there is no more of it");
    }

    /// Whoever has no room at all never asks: not for what is there, and not for what will be.
    #[tokio::test]
    async fn an_answer_that_is_never_asked_for_stalls_however_many_more_come_and_go() {
        for body in
            [Body::from("there"), Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())]
        {
            let pace = pace();
            let _never_asked_for = pace.of(body);
            let more = async {
                loop {
                    drop(pace.of(Body::from("more")));
                    tokio::time::sleep(PATIENCE / 20).await;
                }
            };
            tokio::select! {
                () = more => {}
                stalls = stalls(&pace) => assert!(stalls),
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_there_yet_is_waited_for() {
        let pace = pace();
        let silent = stream::pending::<Result<Bytes, Infallible>>();
        let mut body = pace.of(Body::from_stream(silent));
        assert!(timeout(LONG, take(&mut body)).await.is_err());
        assert!(!stalls(&pace).await, "it is us who are slow");
    }

    /// The first piece of a stream is there before anybody asks, and may be large.
    #[tokio::test]
    async fn who_takes_nothing_of_too_much_has_to_go_and_others_stay() {
        let backlog = Backlog::new(1_000);
        let (ada, grace) = (Pace::new(&backlog), Pace::new(&backlog));
        let page =
            |bytes| Body::from_stream(stream::iter([Ok::<_, Infallible>(vec![b'a'; bytes])]));
        let few = [(); 4].map(|()| ada.of(page(100)));
        let has_to_go = async |pace: &Pace| timeout(PATIENCE / 2, pace.ends(LONG)).await.is_ok();
        let mut much = grace.of(page(600));
        assert!(!has_to_go(&grace).await && !has_to_go(&ada).await);
        // What is taken makes room for others.
        assert_eq!(take(&mut much).await, 600);
        let more = grace.of(page(600));
        assert!(!has_to_go(&grace).await && !has_to_go(&ada).await);
        let one_more = ada.of(page(1));
        assert!(has_to_go(&grace).await && !has_to_go(&ada).await);
        drop((few, more, one_more));
    }

    #[tokio::test]
    async fn an_answer_arrives_as_it_is_with_its_trailers_or_its_error() {
        let pace = pace();
        let trailers = HeaderMap::from_iter([(http::header::ETAG, "end".parse().unwrap())]);
        for text in ["", "text", &"long ".repeat(PIECE)] {
            let body = Body::new(http_body_util::Full::from(text.to_owned()));
            assert_eq!(pace.of(body).collect().await.unwrap().to_bytes(), text);
            let sent = Ok::<_, Infallible>(trailers.clone());
            let body =
                http_body_util::Full::from(text.to_owned()).with_trailers(async { Some(sent) });
            let came = pace.of(Body::new(body)).collect().await.unwrap();
            assert_eq!(came.trailers(), Some(&trailers));
            assert_eq!(came.to_bytes(), text);
        }
        assert!(hyper::body::Body::is_end_stream(&pace.of(Body::empty())));
        for start in [None, Some("a start")] {
            let parts = start.into_iter().map(Ok).chain([Err("broken")]);
            let mut broken = pace.of(Body::from_stream(stream::iter(parts.collect::<Vec<_>>())));
            if let Some(start) = start {
                assert_eq!(take(&mut broken).await, start.len());
            }
            assert!(broken.frame().await.unwrap().is_err());
        }
    }
}
