//! What is never written down: neither in the logs nor in the database.

use std::process::Stdio;
use std::sync::Arc;

use chassis::grpc::{Channel, connect_lazily};
use chassis::identity::{Certificates, Identity};
use chassis::{authority, clock};
use proto::auth::v1::RegisterRequest;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tonic::Code;
use tonic::transport::Endpoint;

use super::harness::{refused, registration};

/// In every request id.
const CANARY: &str = "canary-5e1d";

#[tokio::test]
async fn request_ids_never_reach_the_logs_or_the_disk() {
    let data = TempDir::new().unwrap();
    let certificates = data.path().join("tls");
    authority::make(&certificates, &["auth-service", "gateway"], clock::now()).unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_auth-service"))
        .env_clear()
        .env("AUTH_LISTEN", "127.0.0.1:0")
        .env("AUTH_DATABASE_URL", scratch::address(data.path(), "auth"))
        .env("AUTH_KEYS_DIR", data.path().join("keys"))
        .env("AUTH_TLS_DIR", &certificates)
        .env("AUTH_CHAT_URL", "https://127.0.0.1:9")
        .env("AUTH_BCRYPT_COST", "10")
        .env("RUST_LOG", "trace")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut logs = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut lines = Vec::new();
    let address = loop {
        let line = logs.next_line().await.unwrap().expect("it should say where it listens");
        let address = line.split_once("address=").map(|(_, address)| address.to_owned());
        lines.push(line);
        if let Some(address) = address {
            break address;
        }
    };
    let gateway = Certificates::open(&certificates, "gateway", &[], clock::now()).unwrap();
    let gateway = Identity::Certificates(Arc::new(gateway));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    let channel = connect_lazily(endpoint, &gateway, "auth-service");
    live_a_little(&mut AuthServiceClient::new(channel)).await;
    let database = scratch::connect(data.path(), "auth").await;
    assert_eq!(scratch::number(&database, "SELECT COUNT(*) FROM registrations").await, 1);
    assert!(scratch::places_of(&database, CANARY).await.is_empty());
    if scratch::server().is_none() {
        let files = ["auth.db", "auth.db-wal"].map(|file| std::fs::read(data.path().join(file)));
        let kept = files.map(Result::unwrap).concat();
        let on_disk = |text: &str| kept.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(on_disk("registrations") && !on_disk(CANARY));
    }
    process.start_kill().unwrap();
    while let Some(line) = logs.next_line().await.unwrap() {
        lines.push(line);
    }
    assert!(lines.iter().any(|line| line.contains("answered")), "there are logs at all");
    let said = lines.iter().find(|line| line.contains(CANARY));
    assert!(said.is_none(), "{said:?}");
}

/// Registrations that go well, are repeated, and go wrong.
async fn live_a_little(client: &mut AuthServiceClient<Channel>) {
    let mut register = async |request: RegisterRequest| client.register(request).await;
    for replayed in [false, true] {
        let request = registration(CANARY, "ada", "correct horse");
        assert!(!format!("{request:?}").contains(CANARY));
        assert_eq!(register(request).await.unwrap().into_inner().replayed, replayed);
    }
    let reused = register(registration(CANARY, "grace", "correct horse")).await;
    refused(reused, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let other = format!("{CANARY}-2");
    let taken = register(registration(&other, "ada", "correct horse")).await;
    refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
    let invalid = register(registration(&format!("{CANARY} "), "ada", "correct horse")).await;
    refused(invalid, Code::InvalidArgument, "REQUEST_ID_INVALID");
}
