//! One RPC whose answers a test writes.

use std::future::{Future, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// Long enough for anything that should happen, short enough to wait for what does not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

type Script<Q, A> = Arc<dyn Fn(Q) -> BoxFuture<'static, Result<A, Status>> + Send + Sync>;

/// What the gateway asked.
#[derive(Clone)]
pub(crate) struct Call<Q> {
    pub(crate) metadata: MetadataMap,
    pub(crate) message: Q,
}

impl<Q> Call<Q> {
    /// Metadata as text; empty if it is absent.
    pub(crate) fn metadata(&self, name: &str) -> &str {
        self.metadata.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// One RPC: what it answers, and what it was asked.
pub(crate) struct Rpc<Q, A> {
    script: Mutex<Script<Q, A>>,
    calls: watch::Sender<Vec<Call<Q>>>,
}

impl<Q: Clone, A> Rpc<Q, A> {
    pub(crate) fn new(script: impl Fn(Q) -> Result<A, Status> + Send + Sync + 'static) -> Self
    where
        A: Send + 'static,
    {
        let script: Script<Q, A> = Arc::new(move |message| Box::pin(ready(script(message))));
        Self { script: Mutex::new(script), calls: watch::Sender::new(Vec::new()) }
    }

    /// From now on, answers what `script` makes of a request.
    pub(crate) fn answers(&self, script: impl Fn(Q) -> Result<A, Status> + Send + Sync + 'static)
    where
        A: Send + 'static,
    {
        self.plays(move |message| ready(script(message)));
    }

    /// From now on, answers when `script` is through with a request.
    pub(crate) fn plays<F>(&self, script: impl Fn(Q) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<A, Status>> + Send + 'static,
    {
        *self.script.lock().unwrap() = Arc::new(move |message| Box::pin(script(message)));
    }

    /// What was asked so far.
    pub(crate) fn calls(&self) -> Vec<Call<Q>> {
        self.calls.borrow().clone()
    }

    /// What was asked last.
    pub(crate) fn last(&self) -> Call<Q> {
        self.calls().pop().expect("a call")
    }

    /// Returns once something was asked for the `times`th time.
    pub(crate) async fn called(&self, times: usize) {
        let mut calls = self.calls.subscribe();
        let called = calls.wait_for(|calls| calls.len() >= times);
        let _calls = tokio::time::timeout(PATIENCE, called).await.expect("a call in time").unwrap();
    }

    pub(crate) async fn call(&self, request: Request<Q>) -> Result<Response<A>, Status> {
        let (metadata, _, message) = request.into_parts();
        let call = Call { metadata, message: message.clone() };
        let script = self.script.lock().unwrap().clone();
        self.calls.send_modify(|calls| calls.push(call));
        script(message).await.map(Response::new)
    }
}
