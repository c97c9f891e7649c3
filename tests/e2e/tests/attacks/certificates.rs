//! Connections between the services, by whoever is none of them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::identity::{Certificates, Identity, Secret};
use chassis::{authority, clock};
use e2e::free_address;
use futures_util::future::join_all;
use proto::auth::CLIENT_METADATA;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;

use super::calls::{Call, text};
use super::company::{Company, connect};
use super::frames::{PREFACE, SETTINGS, frame};
use super::raw::exchange;

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const LOG_IN: &str = "/aibuddy.auth.v1.AuthService/LogIn";
const PURGE: &str = "/aibuddy.chat.v1.UserDataService/PurgeUser";
const VERIFY: &str = "/aibuddy.auth.v1.AuthService/VerifyToken";
const WATCH: &str = "/aibuddy.auth.v1.RevocationService/WatchRevocations";

/// Days after which no certificate of ours is good any more.
const LONG_AGO: Duration = Duration::from_hours(24 * 1_000);
/// For a first byte, and for a handshake, with room for a busy machine.
const LIMIT: Duration = Duration::from_secs(10 + 10 + 5);

/// The whole of a folder's authority, so that one who has others' certificates takes ours for good.
fn pem(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("ca.pem")).unwrap()
}

/// A gateway of an authority of its own, made so long ago, that takes our services for what they are.
fn gateway_of_others(company: &Company, age: Duration) -> Identity {
    let folder = TempDir::new().unwrap();
    let then = clock::now() - age;
    authority::make(folder.path(), &["gateway"], then).unwrap();
    let both = pem(folder.path()) + &pem(&company.apart.certificates());
    std::fs::write(folder.path().join("ca.pem"), both).unwrap();
    let opened = Certificates::open(folder.path(), "gateway", &[], then);
    Identity::Certificates(Arc::new(opened.unwrap()))
}

/// Whoever says of themselves that they are the gateway.
fn gateway_by_itself(company: &Company) -> Identity {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["gateway".to_owned()]).unwrap();
    let own = made.cert.pem();
    let both = own.clone() + &pem(&company.apart.certificates());
    let key = folder.path().join("gateway.key");
    std::fs::write(folder.path().join("gateway.pem"), own).unwrap();
    std::fs::write(folder.path().join("ca.pem"), both).unwrap();
    chassis::secret_file::Draft::write(&key, made.signing_key.serialize_pem().as_bytes())
        .and_then(chassis::secret_file::Draft::publish)
        .unwrap();
    let opened = Certificates::open(folder.path(), "gateway", &[], clock::now());
    Identity::Certificates(Arc::new(opened.unwrap()))
}

/// Whether a port says anything to whoever begins to speak HTTP/2 over this version of TLS, with the
/// certificate of the gateway or none.
async fn hears_anything(
    address: &str,
    folder: &Path,
    has_certificate: bool,
    version: &'static SupportedProtocolVersion,
) -> bool {
    let file = |name: &str| folder.join(name);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let config = if has_certificate {
        let certificate = CertificateDer::from_pem_file(file("gateway.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("gateway.key")).unwrap();
        config.with_client_auth_cert(vec![certificate], key).unwrap()
    } else {
        config.with_no_client_auth()
    };
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let Ok(mut stream) = TlsConnector::from(Arc::new(config)).connect(name, socket).await else {
        return false;
    };
    // To whoever has hung up, in vain.
    let _in_vain = stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
    stream.read(&mut [0]).await.is_ok_and(|read| read > 0)
}

/// How somebody begins who knows TLS up to this version only.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let ciphers = [0, 4, 0xc0, 0x14, 0, 0x35];
    let body = [&version, [7; 32].as_slice(), &[0], &ciphers, &[1, 0]].concat();
    let sized = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let message = [&[1, 0], sized(body.len()).as_slice(), &body].concat();
    [&[22, 3, 1], sized(message.len()).as_slice(), &message].concat()
}

/// F01
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_certificate_of_ours_is_told_nothing_by_any_service() {
    let company = Company::open().await;
    let gateway = company.identity("gateway");
    let strangers = [
        ("another authority", gateway_of_others(&company, Duration::ZERO), "UnknownCA"),
        ("of long ago", gateway_of_others(&company, LONG_AGO), "Certificate"),
        ("signed by itself", gateway_by_itself(&company), "UnknownCA"),
        ("no TLS", Identity::in_process("gateway", &Secret::generate().unwrap()), ""),
    ];
    let folder = company.apart.certificates();
    for (url, service) in company.ports() {
        let is_served = async |what: &str| {
            let call = Call::to(HEALTH).sent(&connect(&url, &gateway, service)).await;
            assert_eq!(call.code(), Code::Ok, "{service}, after {what}: {call:?}");
        };
        is_served("nothing").await;
        for (what, identity, why) in &strangers {
            let refused = Call::to(HEALTH).try_to_send(&connect(&url, identity, service)).await;
            let said = format!("{:?}", refused.unwrap_err());
            assert!(said.contains(why), "{service}, {what}: {said}");
            is_served(what).await;
        }
        let address = url.strip_prefix("https://").unwrap();
        for said in [
            [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat(),
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            vec![22, 3, 1, 0xff, 0xff, 1],
            hello([3, 0]),
            hello([3, 1]),
            hello([3, 2]),
            hello([3, 3]),
        ] {
            let heard = exchange(address, &said).await;
            // An alert, of seven bytes: nothing else is said to them.
            assert!(heard.is_empty() || heard.starts_with('\u{15}'), "{said:?}: {heard:?}");
            assert!(heard.len() <= 7, "{said:?}: {heard:?}");
        }
        for (has_certificate, version, expected) in
            [(true, &TLS13, true), (false, &TLS13, false), (true, &TLS12, false)]
        {
            let heard = hears_anything(address, &folder, has_certificate, version).await;
            assert_eq!(heard, expected, "{service}, {has_certificate}, {:?}", version.version);
        }
        is_served("all of it").await;
    }
    for service in company.processes().skip(1) {
        let refusals = service.output().matches("a TLS handshake failed").count();
        assert!(refusals > 5, "it was refused at the handshake: {refusals}");
    }
    company.ends_unharmed().await;
}

/// F01, D09: a certificate of ours opens what is for the service that it names.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_certificate_of_another_service_may_do_what_that_one_may() {
    let company = Company::open().await;
    let bearer = format!("Bearer {}", company.ada.access);
    let token = text(1, company.ada.access.as_bytes());
    let [auth, chat] = company.ports();
    for name in ["gateway", "chat-service", "auth-service", "stranger"] {
        let identity = company.identity(name);
        let (to_auth, to_chat) =
            (connect(&auth.0, &identity, auth.1), connect(&chat.0, &identity, chat.1));
        let ask = |path: &str| Call::to(path).with("authorization", &bearer);
        let verified = ask(VERIFY).saying(&token).sent(&to_auth).await.code();
        let may_verify = ["gateway", "chat-service"].contains(&name);
        let expected = if may_verify { Code::Ok } else { Code::PermissionDenied };
        assert_eq!(verified, expected, "{name}");
        if !may_verify {
            assert_eq!(ask(WATCH).sent(&to_auth).await.code(), Code::PermissionDenied, "{name}");
        }
        // Of nobody, everything is deleted at once.
        let purged = ask(PURGE).sent(&to_chat).await.code();
        let expected = if name == "auth-service" { Code::Ok } else { Code::PermissionDenied };
        assert_eq!(purged, expected, "{name}");
        company.is_read().await;
    }
    company.ends_unharmed().await;
}

/// F10: with a certificate of ours, where a certificate counts.
#[tokio::test(flavor = "multi_thread")]
async fn where_a_call_comes_from_is_said_by_the_gateway_and_nobody_else() {
    let mut company = Company::open().await;
    let address = free_address();
    let few = [("AUTH_LISTEN", address.as_str()), ("AUTH_TRIES_PER_ADDRESS", "3")];
    company.grow("auth-service", &few).await;
    let guess = [text(1, b"nobody"), text(2, b"not the password")].concat();
    for (name, is_believed) in [("gateway", true), ("chat-service", false), ("stranger", false)] {
        let identity = company.identity(name);
        let channel = connect(&format!("https://{address}"), &identity, "auth-service");
        let mut stopped = 0;
        for network in 0..8 {
            let from = format!("203.0.{network}.1");
            let call = Call::to(LOG_IN).with(CLIENT_METADATA, &from).with("x-forwarded-for", &from);
            match call.saying(&guess).sent(&channel).await.code() {
                Code::ResourceExhausted => stopped += 1,
                code => assert_eq!(code, Code::Unauthenticated, "{name}"),
            }
        }
        assert_eq!(stopped == 0, is_believed, "{name} was stopped {stopped} times");
    }
    company.ends_unharmed().await;
}

/// How long it takes until a port hangs up on whoever says this, and then a byte every half second.
async fn held(address: &str, said: &[u8], drops: &[u8]) -> Duration {
    let started = Instant::now();
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let talking = async {
        to.write_all(said).await?;
        for drop in drops {
            tokio::time::sleep(Duration::from_millis(500)).await;
            to.write_all(&[*drop]).await?;
        }
        std::future::pending::<std::io::Result<()>>().await
    };
    let mut heard = Vec::new();
    tokio::select! {
        _ended = talking => {}
        _ended = from.read_to_end(&mut heard) => {}
    }
    started.elapsed()
}

/// F01: more of them than there is room for, so that some give way to others.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_ends_a_handshake_is_hung_up_on_while_the_services_talk() {
    let company = Company::open().await;
    let gateway = company.identity("gateway");
    let hello = hello([3, 3]);
    // A record that says to be longer than anything in it.
    let endless = [&[22, 3, 1, 0x40, 0], hello.as_slice()].concat();
    let ports = company.ports();
    let addresses = ports.each_ref().map(|(url, _)| url.strip_prefix("https://").unwrap());
    let slow = addresses.iter().flat_map(|address| {
        let silent = (0..100).map(|_| held(address, &[], &[]));
        let half = [&hello, &endless].map(|said| held(address, &said[..9], &[]));
        silent.chain(half).chain([held(address, &endless[..1], &endless[1..])])
    });
    let slow = join_all(slow);
    tokio::pin!(slow);
    let held = loop {
        let others = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            company.is_read().await;
            for (url, service) in &ports {
                let call = Call::to(HEALTH).sent(&connect(url, &gateway, service)).await;
                assert_eq!(call.code(), Code::Ok, "{service}: {call:?}");
            }
        };
        tokio::select! {
            held = &mut slow => break held,
            () = others => {}
        }
    };
    let longest = held.into_iter().max().unwrap();
    println!("the longest was held for {longest:?}");
    assert!(longest < LIMIT, "{longest:?}");
    company.ends_unharmed().await;
}
