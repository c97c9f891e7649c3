//! The way to another service: where it is, and a channel that knows its limits.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::codegen::Service;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Endpoint, Uri};
use tower::{BoxError, ServiceExt as _};

use super::observing::Observed;
use crate::identity::{Certificates, Identity, InProcess};
use crate::request_id;

/// The address of another service, as a setting holds it: `https://HOST:PORT`. What is not in this
/// process is spoken with over TLS only.
#[derive(Debug, Clone)]
pub struct Address(pub Endpoint);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = text.parse::<Uri>().map_err(|_| "it is not a URL")?;
        if uri.scheme_str() != Some("https") || uri.host().is_none_or(str::is_empty) {
            return Err("it must be https://HOST:PORT");
        }
        Ok(Self(uri.into()))
    }
}

/// An address that only this machine can reach, as a setting holds it.
#[derive(Debug, Clone, Copy)]
pub struct Loopback(pub SocketAddr);

impl FromStr for Loopback {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<SocketAddr>().map_err(|_| "it is not an address and a port")?;
        if !address.ip().is_loopback() {
            return Err("only this machine may reach it, as on 127.0.0.1: it is not encrypted");
        }
        Ok(Self(address))
    }
}

/// A connection to another service. Clones share it.
pub type Channel = InterceptedService<Observed<tonic::transport::Channel>, Along>;

/// What goes along with every call: the request id, and who calls, where no certificate says it.
#[derive(Debug, Clone)]
pub struct Along(Option<InProcess>);

impl Interceptor for Along {
    fn call(&mut self, request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        let mut request = request_id::Forward.call(request)?;
        if let Some(this) = &self.0 {
            this.sign(request.metadata_mut());
        }
        Ok(request)
    }
}

/// A channel to the service `peer` that connects when first used, so that services can start in any
/// order. With certificates, whoever answers at `endpoint` must have that of `peer`.
///
/// A peer that cannot be reached is noticed within 2 s, one that hangs within 15 s.
#[must_use]
pub fn connect_lazily(endpoint: Endpoint, identity: &Identity, peer: &'static str) -> Channel {
    let endpoint = endpoint
        .connect_timeout(Duration::from_secs(2))
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    match identity {
        Identity::InProcess(this) => {
            InterceptedService::new(Observed(endpoint.connect_lazy()), Along(Some(this.clone())))
        }
        Identity::Certificates(certificates) => {
            let channel = endpoint.connect_with_connector_lazy(securely(certificates, peer));
            InterceptedService::new(Observed(channel), Along(None))
        }
    }
}

/// Connects over TLS, whatever the scheme of the address.
fn securely(
    certificates: &Arc<Certificates>,
    peer: &'static str,
) -> impl Service<Uri, Response = Secure, Error = BoxError, Future: Send> + Send + 'static + use<> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_nodelay(true);
    let certificates = certificates.clone();
    tower::service_fn(move |address: Uri| {
        let (plain, certificates) = (plain.clone(), certificates.clone());
        async move {
            let socket = plain.oneshot(address).await?.into_inner();
            match certificates.connect(socket, peer).await {
                Ok(stream) => Ok(TokioIo::new(stream)),
                Err(error) => {
                    tracing::warn!(peer, %error, "a TLS handshake failed");
                    Err(error.into())
                }
            }
        }
    })
}

type Secure = TokioIo<TlsStream<TcpStream>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_that_fits_and_a_host() {
        assert!("https://127.0.0.1:50051".parse::<Address>().is_ok());
        assert!("https://auth-service:50051/".parse::<Address>().is_ok());
        for wrong in ["auth-service:50051", "http://auth:50051", "https://", "127.0.0.1", ""] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine() {
        assert!("127.0.0.1:0".parse::<Loopback>().is_ok());
        assert!("[::1]:50051".parse::<Loopback>().is_ok());
        for wrong in ["0.0.0.0:0", "[::]:0", "192.168.0.1:50051", "localhost", ""] {
            assert!(wrong.parse::<Loopback>().is_err(), "{wrong:?}");
        }
    }
}
