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

/// Where the auth service is among those that run.
const AUTH: usize = 2;

/// The three services, and somebody who only wants to use them.
pub(crate) struct Company {
    pub(crate) apart: Apart,
    pub(crate) product: Product,
    pub(crate) ada: User,
    pub(crate) session: i64,
    /// What must not be in any log, besides what is the same in every company.
    canaries: Canaries,
    /// Whoever is further from people ends later. With the memory that each had before.
    running: Vec<(Process, u64)>,
    pub(super) model: Stub,
}

impl Company {
    pub(crate) async fn open() -> Self {
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
        let canaries = unharmed::canaries();
        Self { apart, product, ada, session, canaries, running, model }
    }

    /// Starts one more of a service, with other settings, and waits until it listens.
    pub(super) async fn grow(&mut self, program: &str, settings: &[(&str, &str)]) {
        let process = start(&self.apart, program, settings);
        process.line_with("listening").await;
        self.running.push(with_memory(process));
    }

    /// Ends the auth service as a crash does.
    pub(crate) async fn kill_auth(&mut self) {
        let secrets = self.secrets();
        let (auth, _) = &mut self.running[AUTH];
        auth.kill().await;
        secrets.are_not_in(&auth.output());
    }

    /// Starts it again. It is judged by the memory it has when `ready` is over.
    pub(crate) async fn start_auth(&mut self, ready: impl Future<Output = ()>) {
        let auth = start(&self.apart, "auth-service", &[]);
        ready.await;
        self.running[AUTH] = with_memory(auth);
    }

    /// Remembers a token that must not be in any log.
    pub(crate) fn hide(&mut self, token: &str) {
        self.canaries.add_token(token);
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
        let mut secrets = self.canaries.clone();
        unharmed::add_secrets(&mut secrets, &self.ada, &self.apart.data().join("keys"));
        secrets.add_pem(&self.apart.certificates());
        secrets
    }

    /// Somebody can read what they said.
    pub(super) async fn is_read(&self) {
        assert_eq!(self.ada.messages(self.session).await[0].1, WORDS);
    }

    /// As [`Scene::ends_unharmed`](super::Scene::ends_unharmed): all of them.
    pub(crate) async fn ends_unharmed(mut self) {
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
