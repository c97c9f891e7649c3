//! The three services under attack as an operator runs them apart: three processes that know each other
//! by certificates.

use std::path::Path;
use std::sync::Arc;

use chassis::clock;
use chassis::grpc::{self, Channel};
use chassis::identity::{Certificates, Identity};
use e2e::{Apart, Process, Product, User};
use openai_stub::Stub;
use tonic::transport::Endpoint;

use super::super::canaries::Canaries;
use super::{LOGS, MODEL_KEY, UNLIMITED, WORDS, unharmed};

/// The three services, and somebody who only wants to use them.
pub(super) struct Company {
    pub(super) apart: Apart,
    pub(super) product: Product,
    pub(super) ada: User,
    session: i64,
    /// Whoever is further from people ends later. With the memory that each had before.
    running: Vec<(Process, u64)>,
    pub(super) model: Stub,
}

impl Company {
    pub(super) async fn open() -> Self {
        let model = Stub::start().await.unwrap();
        let apart = Apart::new(&model.base_url());
        std::fs::write(apart.data().join("model.key"), MODEL_KEY).unwrap();
        let programs = ["gateway", "chat-service", "auth-service"];
        let started = programs.map(|program| start(&apart, program, &[]));
        let product = Product::at(&apart.gateway);
        product.ready().await;
        let ada = product.register("ada").await;
        let (session, _) = ada.say(WORDS).await;
        let running = started.map(with_memory).into();
        Self { apart, product, ada, session, running, model }
    }

    /// Starts one more of a service, with other settings, and waits until it listens.
    pub(super) async fn grow(&mut self, program: &str, settings: &[(&str, &str)]) {
        let mut process = start(&self.apart, program, settings);
        process.line_with("listening").await;
        self.running.push(with_memory(process));
    }

    /// What a service with one of our certificates shows.
    pub(super) fn identity(&self, name: &'static str) -> Identity {
        identity(&self.apart.certificates(), name)
    }

    /// The ports for gRPC, with the services that are there.
    pub(super) fn ports(&self) -> [(String, &'static str); 2] {
        [(self.apart.auth_url(), "auth-service"), (self.apart.chat_url(), "chat-service")]
    }

    /// All that run: the gateway, the chat service, the auth service.
    pub(super) fn processes(&self) -> impl Iterator<Item = &Process> {
        self.running.iter().map(|(process, _)| process)
    }

    /// What must not be in any log of theirs.
    pub(super) fn secrets(&self) -> Canaries {
        let mut secrets = unharmed::canaries();
        unharmed::add_secrets(&mut secrets, &self.ada, &self.apart.data().join("keys"));
        secrets.add_pem(&self.apart.certificates());
        secrets
    }

    /// Somebody can read what they said.
    pub(super) async fn is_read(&self) {
        assert_eq!(self.ada.messages(self.session).await[0].1, WORDS);
    }

    /// As [`Scene::ends_unharmed`](super::Scene::ends_unharmed): all of them.
    pub(super) async fn ends_unharmed(mut self) {
        unharmed::serves(&self.product, &self.ada, self.session).await;
        let secrets = self.secrets();
        for (process, memory) in &mut self.running {
            unharmed::is_whole(process, *memory);
        }
        for (process, _) in &mut self.running {
            unharmed::ends(process, &secrets).await;
        }
    }
}

fn start(apart: &Apart, program: &str, settings: &[(&str, &str)]) -> Process {
    let file = apart.data().join("model.key").display().to_string();
    let key = [("OPENAI_API_KEY_FILE", file.as_str())];
    apart.start_set(program, &[&UNLIMITED, [LOGS].as_slice(), &key, settings].concat())
}

fn with_memory(process: Process) -> (Process, u64) {
    let memory = process.resident_memory();
    (process, memory)
}

/// What a service shows that has a certificate in this folder.
pub(crate) fn identity(folder: &Path, name: &'static str) -> Identity {
    let opened = Certificates::open(folder, name, &[], clock::now());
    Identity::Certificates(Arc::new(opened.unwrap()))
}

/// The way of whoever has this identity to a service.
pub(crate) fn connect(url: &str, identity: &Identity, service: &'static str) -> Channel {
    grpc::connect_lazily(Endpoint::from_shared(url.to_owned()).unwrap(), identity, service)
}
