//! Those who call: with our own channel, and with less than that.

use std::net::SocketAddr;
use std::sync::Arc;

use chassis::grpc::{self, Channel};
use chassis::identity::Identity;
use http::{Method, Request, Response, Version};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tonic::body::Body;
use tonic::codegen::Service;
use tower::ServiceExt as _;

use super::stage::{Authority, Port, soon};

/// What an HTTP/2 client says first, with settings that change nothing.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A connection from one of the addresses of this machine: all of `127.0.0.0/8`.
pub(crate) async fn connect_from(address: &str, port: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    socket.connect(port).await.unwrap()
}

/// The way of a service to the auth service behind a port.
pub(crate) fn to_auth(port: &Port, identity: &Identity) -> Channel {
    grpc::connect_lazily(port.endpoint(), identity, "auth-service")
}

/// A call without words: who the service says the caller is, or why there was no answer.
pub(crate) async fn call<C, B>(
    channel: &C,
    method: &str,
    metadata: &[(&str, &str)],
) -> Result<String, C::Error>
where
    C: Service<Request<Body>, Response = Response<B>> + Clone,
{
    let mut request = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("/test.Mirror/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (key, value) in metadata {
        request = request.header(*key, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = soon(channel.clone().oneshot(request)).await?;
    Ok(answer.headers()["caller"].to_str().unwrap().to_owned())
}

pub(crate) async fn who_am_i(channel: &Channel) -> Result<String, tonic::Status> {
    call(channel, "Who", &[]).await
}

/// Speaks TLS without a certificate, but knows the service's authority.
pub(crate) async fn without_certificate(
    port: &Port,
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(port.address).await.unwrap();
    let name = ServerName::try_from("auth-service").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// Begins to speak HTTP/2 and returns what the service says to that until the connection ends.
pub(crate) async fn answered(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Vec<u8> {
    let mut answer = Vec::new();
    // Whether it is told so or just cut off, what counts is what was answered before.
    let _ended = soon(async {
        stream.write_all(PREFACE).await?;
        stream.read_to_end(&mut answer).await
    })
    .await;
    answer
}
