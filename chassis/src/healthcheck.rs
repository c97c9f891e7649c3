//! The command `healthcheck`: asks the server that runs beside this process whether it can serve. It is
//! for engines of containers: an image of ours holds no other program that could ask.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::{Endpoint, Uri};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::grpc::connect_lazily;
use crate::identity::Identity;
use crate::process::{Arguments, Command, Work, reachable};
use crate::settings::Settings;

/// For all of it: a server that takes longer is not well.
const LIMIT: Duration = Duration::from_secs(1);

/// The command of a program. `read` makes its work with [`of_http`] or [`of_grpc`].
#[must_use]
pub const fn command(read: fn(&mut Arguments, &mut Settings) -> Option<Work>) -> Command {
    Command {
        name: "healthcheck",
        usage: "",
        what: "asks the one that runs on this machine whether it can serve: 0 if it can, 1 if not",
        read,
    }
}

/// Asks for `path` over HTTP: whatever listens as `listen` says should answer 200.
#[must_use]
pub fn of_http(listen: SocketAddr, path: &'static str) -> Work {
    within_limit(async move {
        let mut server = TcpStream::connect(reachable(listen)).await?;
        let question =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        server.write_all(question.as_bytes()).await?;
        // "HTTP/1.1 200": what else is told does not matter.
        let mut start = [0_u8; 12];
        server.read_exact(&mut start).await?;
        ensure!(start.ends_with(b" 200"), "it answers {}", String::from_utf8_lossy(&start));
        Ok(())
    })
}

/// Asks the standard health service of the server `name`, which listens as `listen` says, and has the
/// same certificate as whoever asks.
#[must_use]
pub fn of_grpc(listen: SocketAddr, identity: Identity, name: &'static str) -> Work {
    within_limit(async move {
        let address = format!("https://{}", reachable(listen)).parse::<Uri>()?;
        let channel = connect_lazily(Endpoint::from(address), &identity, name);
        let question = HealthCheckRequest { service: String::new() };
        let answer = HealthClient::new(channel).check(question).await?;
        ensure!(answer.get_ref().status() == ServingStatus::Serving, "it does not serve yet");
        Ok(())
    })
}

fn within_limit(question: impl Future<Output = anyhow::Result<()>> + 'static) -> Work {
    Box::pin(async move {
        match tokio::time::timeout(LIMIT, question).await {
            Ok(answer) => answer.context("not healthy")?,
            Err(_) => bail!("not healthy: no answer within {} s", LIMIT.as_secs()),
        }
        Ok("healthy".to_owned())
    })
}
