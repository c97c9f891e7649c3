//! A gRPC server that can be absent, start, and die.

use std::net::SocketAddr;
use std::sync::Arc;

use proto::auth::v1::auth_service_server::AuthServiceServer;
use proto::chat::v1::chat_service_server::ChatServiceServer;
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic_health::server::HealthReporter;

use super::services::{Auth, Chat};

/// A gRPC server with a runtime of its own: when that ends, its connections break off in the middle
/// of whatever was said, as they do when a machine is gone.
pub(crate) struct Backend {
    address: SocketAddr,
    /// Keeps the address for us until somebody listens there.
    reserved: Option<TcpSocket>,
    running: Option<Runtime>,
}

impl Backend {
    /// An address at which nothing listens yet.
    pub(crate) fn absent() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = socket.local_addr().unwrap();
        Self { address, reserved: Some(socket), running: None }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap()
    }

    pub(crate) fn start_auth(&mut self, auth: Arc<Auth>) -> HealthReporter {
        let (reporter, health) = tonic_health::server::health_reporter();
        let revocations = auth.revocations.server();
        let auth = AuthServiceServer::from_arc(auth);
        let server = Server::builder().add_service(health).add_service(auth);
        self.run(server.add_service(revocations));
        reporter
    }

    pub(crate) fn start_chat(&mut self, chat: Arc<Chat>) -> HealthReporter {
        let (reporter, health) = tonic_health::server::health_reporter();
        let chat = ChatServiceServer::from_arc(chat);
        self.run(Server::builder().add_service(health).add_service(chat));
        reporter
    }

    fn run(&mut self, server: tonic::transport::server::Router) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = {
            let _inside = runtime.enter();
            self.reserved.take().expect("a backend starts once").listen(64).unwrap()
        };
        runtime.spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        self.running = Some(runtime);
    }

    pub(crate) fn die(&mut self) {
        if let Some(runtime) = self.running.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.die();
    }
}
