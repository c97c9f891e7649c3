//! How services apart know each other: each shows a certificate of the same authority.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::Caller;
use crate::{clock, secret_file};

/// The only protocol that is spoken on our connections.
const HTTP2: &[u8] = b"h2";

/// The certificate of a service, with its key, and the authority whose certificates it accepts.
pub struct Certificates {
    name: &'static str,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    /// The services it tells apart, by the name that a certificate must be valid for.
    callers: Vec<(ServerName<'static>, Caller)>,
}

impl Certificates {
    /// Reads `ca.pem`, `NAME.pem` and `NAME.key` in `folder`. They must fit together and be valid
    /// `now`: a service that nobody could talk to should not start.
    ///
    /// # Errors
    /// One sentence that names the file at fault.
    pub fn open(
        folder: &Path,
        name: &'static str,
        callers: &[&str],
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for authority in chain(folder, "ca.pem")? {
            roots.add(authority).context("ca.pem cannot be read")?;
        }
        let (roots, provider) = (Arc::new(roots), Arc::new(ring::default_provider()));
        let (own, key) = (chain(folder, &format!("{name}.pem"))?, key(folder, name)?);
        let clients =
            WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()?;
        check(&own, name, (&roots, &provider), &*clients, now)
            .with_context(|| format!("{name}.pem is not what ca.pem vouches for today"))?;

        let unfit = || format!("{name}.key does not belong to {name}.pem");
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(clients)
            .with_single_cert(own.clone(), key.clone_key())
            .with_context(unfit)?;
        server.alpn_protocols = vec![HTTP2.to_vec()];
        // Whoever comes again shows their certificate again: it may have expired.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(own, key)
            .with_context(unfit)?;
        client.alpn_protocols = vec![HTTP2.to_vec()];
        client.resumption = Resumption::disabled();

        let known = |name: &&str| Ok((service(name)?, Caller::known(name)));
        let callers = callers.iter().map(known).collect::<anyhow::Result<_>>()?;
        let (acceptor, connector) = (Arc::new(server).into(), Arc::new(client).into());
        Ok(Self { name, acceptor, connector, callers })
    }

    /// Lets a client in who has a certificate of the authority, and tells who it is.
    pub(crate) async fn accept(
        &self,
        socket: TcpStream,
    ) -> io::Result<(server::TlsStream<TcpStream>, Caller)> {
        let stream = self.acceptor.accept(socket).await?;
        let caller = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let caller = caller.map(|leaf| self.caller(leaf)).unwrap_or_default();
        Ok((stream, caller))
    }

    /// Speaks with the service `peer` on `socket`, if it is that one and takes us for who we are.
    pub(crate) async fn connect(
        &self,
        socket: TcpStream,
        peer: &str,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let peer = service(peer).map_err(io::Error::other)?;
        let mut stream = self.connector.connect(peer, socket).await?;
        // It looks at our certificate when we are done with its own, and says something at once if it
        // is content. Without waiting for that, a refusal would look like a connection that broke off.
        if stream.fill_buf().await?.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(stream)
    }

    /// Whose certificate this is. One that is valid for several names says nothing.
    fn caller(&self, leaf: &CertificateDer<'_>) -> Caller {
        let Ok(leaf) = ParsedCertificate::try_from(leaf) else {
            return Caller::default();
        };
        let names = self.callers.iter();
        let mut fitting = names.filter(|(name, _)| verify_server_name(&leaf, name).is_ok());
        match (fitting.next(), fitting.next()) {
            (Some((_, caller)), None) => caller.clone(),
            _ => Caller::default(),
        }
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificates").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A service's name as certificates have it.
fn service(name: &str) -> anyhow::Result<ServerName<'static>> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.with_context(|| format!("{name} is no name that a certificate can have"))
}

/// Whether others will accept a certificate: as that of a server called `name`, and as that of a client.
fn check(
    chain: &[CertificateDer<'static>],
    name: &str,
    (roots, provider): (&Arc<RootCertStore>, &Arc<CryptoProvider>),
    clients: &dyn ClientCertVerifier,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(clock::unix_seconds(now)));
    let (leaf, between) = chain.split_first().context("it holds no certificate")?;
    clients.verify_client_cert(leaf, between, now)?;
    let servers = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone());
    servers.build()?.verify_server_cert(leaf, between, &service(name)?, &[], now)?;
    Ok(())
}

/// The certificates in a file.
fn chain(folder: &Path, file: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(folder.join(file)).with_context(|| format!("{file} cannot be read"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.with_context(|| format!("{file} is not PEM"))?;
    ensure!(!chain.is_empty(), "{file} holds no certificate");
    Ok(chain)
}

/// The private key of a service, which nobody but its owner may be able to read.
fn key(folder: &Path, name: &str) -> anyhow::Result<PrivateKeyDer<'static>> {
    let pem = secret_file::read(&folder.join(format!("{name}.key")))?;
    PrivateKeyDer::from_pem_slice(&pem).with_context(|| format!("{name}.key holds no private key"))
}
