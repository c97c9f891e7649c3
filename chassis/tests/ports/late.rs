//! A service that says how it was when it was asked, and says it late.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chassis::tasks::Tasks;
use futures_util::stream::{Empty, empty};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// A service whose answers wait until [`answers_now`](Self::answers_now).
#[derive(Clone)]
pub(crate) struct Late {
    address: SocketAddr,
    serves: Arc<AtomicBool>,
    /// One for each question.
    asked: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Late {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, answers) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let this = Self { address, serves: Arc::new(AtomicBool::new(true)), asked, answers };
        let server = Server::builder().add_service(HealthServer::new(this.clone()));
        Tasks::new().spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        this
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap()
    }

    /// Returns once somebody has asked it.
    pub(crate) async fn asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    pub(crate) fn does_not_serve_any_more(&self) {
        self.serves.store(false, Ordering::SeqCst);
    }

    /// Answers whatever was asked and will be.
    pub(crate) fn answers_now(&self) {
        self.answers.close();
    }
}

#[tonic::async_trait]
impl Health for Late {
    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let serves = self.serves.load(Ordering::SeqCst);
        self.asked.add_permits(1);
        let _closed = self.answers.acquire().await;
        let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        Ok(Response::new(HealthCheckResponse { status: status as i32 }))
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(empty()))
    }
}
