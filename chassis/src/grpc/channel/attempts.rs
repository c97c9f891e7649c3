//! When a call is tried again, on another replica if there is one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, future, stream};
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::time::sleep;
use tonic::Status;
use tonic::body::Body;
use tower::retry::budget::{Budget as _, TpsBudget};

use super::connection::Failed;
use super::replica::{Replica, Taken};
use super::replicas::Replicas;

/// How often a call is sent at most, if it never arrived before: nothing was done yet.
const TRIES: usize = 3;
/// Of so long a time, calls that got lost are tried again as often as [`SHARE`] of all calls, and a few
/// more where there are few. More would keep a service down that is.
const MEMORY: Duration = Duration::from_secs(10);
const SHARE: f32 = 0.2;
const FEW_PER_SECOND: u32 = 10;
/// For something more to come of an answer, before it matters whether the replica still answers at all.
const QUIET: Duration = Duration::from_secs(2);

/// Marks a call that may be made twice: it changes nothing, or a name it has keeps it from being done again.
/// Only for calls with one message in each direction.
#[derive(Debug, Clone, Copy)]
pub struct Repeatable;

/// Marks a call as one that may be made twice.
#[must_use]
pub fn repeatable<T>(mut request: tonic::Request<T>) -> tonic::Request<T> {
    request.extensions_mut().insert(Repeatable);
    request
}

/// The rule of one channel. Clones share what was tried.
#[derive(Clone)]
pub(super) struct Attempts(Arc<TpsBudget>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Arc::new(TpsBudget::new(MEMORY, FEW_PER_SECOND, SHARE)))
    }
}

impl Attempts {
    /// Sends a request to one of `replicas`. One that never arrived is sent elsewhere; one that got lost
    /// too, once, if it may be made twice. Whoever calls says how long that may take.
    pub(super) async fn send(
        &self,
        replicas: &Arc<Replicas>,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        self.0.deposit();
        let mut copy = None;
        if request.extensions_mut().remove::<Repeatable>().is_some() {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let again = Request::from_parts(parts.clone(), of(body.clone()));
            (request, copy) = (again, Some((parts, body)));
        }
        let mut tried = None;
        for attempt in 1.. {
            let Some(replica) = replicas.find_one(tried.as_ref()).await else { break };
            let sent = match &copy {
                Some(_) => whole(replicas, &replica, request).await,
                None => replica.send(request).await.map(|answer| {
                    answer.map(|body| as_it_comes(replicas.clone(), replica.clone(), body))
                }),
            };
            match sent {
                Ok(response) => return Ok(response),
                Err(Failed::Unsent(unsent, _)) if attempt < TRIES => request = *unsent,
                Err(Failed::Lost(status)) => {
                    let again = copy.take().filter(|_| self.0.withdraw());
                    let Some((parts, body)) = again else { return Err(status) };
                    tracing::debug!(code = ?status.code(), "a call got lost and is made again");
                    request = Request::from_parts(parts, of(body));
                }
                Err(Failed::Unsent(_, status)) => return Err(status),
            }
            tried = Some(replica);
        }
        Err(Status::unavailable(replicas.why()))
    }
}

/// A body of one message, sent like any other: without saying how long it is.
fn of(message: Bytes) -> Body {
    let frame = future::ready(Ok::<_, Status>(Frame::data(message)));
    Body::new(StreamBody::new(frame.into_stream()))
}

/// An answer that is there to its end, or is not: half of it can get lost, too. One of whoever falls silent
/// is not waited for, where there is somebody else.
async fn whole(
    replicas: &Replicas,
    replica: &Arc<Replica>,
    request: Request<Body>,
) -> Result<Response<Body>, Failed> {
    let answered = async {
        let (parts, body) = replica.send(request).await?.into_parts();
        let lost = |error: hyper::Error| Failed::Lost(Status::from_error(error.into()));
        let body = body.collect().await.map_err(lost)?;
        Ok(Response::from_parts(parts, Body::new(body)))
    };
    tokio::select! {
        answered = answered => answered,
        () = replicas.outdo(replica) => {
            Err(Failed::Lost(fell_silent()))
        }
    }
}

/// An answer that is read while it comes. It breaks off where nothing comes any more, the replica does not say how it
/// is either, and there is somebody else: its connection would be waited for much longer.
fn as_it_comes(replicas: Arc<Replicas>, replica: Arc<Replica>, body: Taken) -> Body {
    let frames = stream::unfold(Some((replicas, replica, body)), async |rest| {
        let (replicas, replica, mut body) = rest?;
        let fell_quiet = async {
            sleep(QUIET).await;
            replicas.outlast(&replica).await;
        };
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame?.map_err(|error| Status::from_error(error.into())),
            () = fell_quiet => Err(fell_silent()),
        };
        let rest = frame.is_ok().then_some((replicas, replica, body));
        Some((frame, rest))
    });
    Body::new(StreamBody::new(frames))
}

fn fell_silent() -> Status {
    Status::unavailable("the replica does not answer any more")
}
