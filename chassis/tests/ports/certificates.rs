//! Services that know each other by certificates.

use chassis::clock;
use chassis::grpc;
use chassis::identity::{Identity, Secret};
use chrono::TimeDelta;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;

use super::clients::{answered, call, to_auth, who_am_i, without_certificate};
use super::stage::{Authority, CALLERS, Port};

/// How TLS begins to say that something is wrong; HTTP/2 begins otherwise.
const ALERT: u8 = 21;

#[tokio::test]
async fn a_certificate_says_which_service_calls() {
    let authority = Authority::new();
    let port = Port::open(&authority.identity("auth-service")).await;
    for name in CALLERS {
        assert_eq!(who_am_i(&to_auth(&port, &authority.identity(name))).await.unwrap(), name);
    }
    let stranger = to_auth(&port, &authority.identity("stranger"));
    assert_eq!(who_am_i(&stranger).await.unwrap(), "nobody", "whom it does not tell apart");
}

#[tokio::test]
async fn a_certificate_with_several_names_says_nothing() {
    let authority = Authority::new();
    // All of these certificates are good for this machine's name, too.
    let service = authority.identity_among("auth-service", &["gateway", "localhost"]);
    let port = Port::open(&service).await;
    let gateway = to_auth(&port, &authority.identity("gateway"));
    assert_eq!(who_am_i(&gateway).await.unwrap(), "nobody");
}

#[tokio::test]
async fn metadata_says_nothing_where_certificates_do() {
    let authority = Authority::new();
    let port = Port::open(&authority.identity("auth-service")).await;
    let stranger = to_auth(&port, &authority.identity("stranger"));
    let claims = [("x-service", "gateway"), ("x-service-secret", "guess"), ("x-user-id", "1")];
    assert_eq!(call(&stranger, "Who", &claims).await.unwrap(), "nobody");
    let gateway = to_auth(&port, &authority.identity("gateway"));
    let claims = [("x-service", "chat-service"), ("x-service-secret", "guess")];
    assert_eq!(call(&gateway, "Who", &claims).await.unwrap(), "gateway");
}

#[tokio::test]
async fn who_shows_no_certificate_of_ours_is_not_served_and_others_still_are() {
    let years_ago = Authority::of(clock::now() - TimeDelta::days(1_000));
    let ours = Authority::new().trusting(&years_ago);
    let theirs = Authority::new().trusting(&ours);
    let years_ago = years_ago.trusting(&ours);
    let port = Port::open(&ours.identity("auth-service")).await;
    let gateway = ours.identity("gateway");

    let secret = Secret::generate().unwrap();
    for (what, identity, why) in [
        ("no TLS", Identity::in_process("gateway", &secret), ""),
        ("another authority", theirs.identity("gateway"), "UnknownCA"),
        ("expired", years_ago.identity("gateway"), "CertificateExpired"),
    ] {
        let refused = who_am_i(&to_auth(&port, &identity)).await.unwrap_err();
        assert!(format!("{refused:?}").contains(why), "{what}: {refused:?}");
        assert_eq!(who_am_i(&to_auth(&port, &gateway)).await.unwrap(), "gateway", "after {what}");
    }
    let plain = TcpStream::connect(port.address).await.unwrap();
    let answer = answered(plain).await;
    assert!(answer.is_empty() || answer[0] == ALERT, "{answer:?}");
    // The client is done with the handshake before the service looks for its certificate.
    let nobody = without_certificate(&port, &ours, &TLS13).await.unwrap();
    assert_eq!(answered(nobody).await, b"");
    assert!(without_certificate(&port, &ours, &TLS12).await.is_err());
    assert_eq!(who_am_i(&to_auth(&port, &gateway)).await.unwrap(), "gateway");
}

#[tokio::test]
async fn nobody_else_is_taken_for_the_service_that_is_meant() {
    let years_ago = Authority::of(clock::now() - TimeDelta::days(1_000));
    let ours = Authority::new().trusting(&years_ago);
    let theirs = Authority::new().trusting(&ours);
    let years_ago = years_ago.trusting(&ours);
    let gateway = ours.identity("gateway");
    for (what, identity) in [
        ("another service", ours.identity("chat-service")),
        ("another authority", theirs.identity("auth-service")),
        ("expired", years_ago.identity("auth-service")),
        ("no TLS", Identity::in_process("auth-service", &Secret::generate().unwrap())),
    ] {
        let port = Port::open(&identity).await;
        let refused = who_am_i(&to_auth(&port, &gateway)).await;
        assert!(refused.is_err(), "{what}: {refused:?}");
    }
    let port = Port::open(&ours.identity("chat-service")).await;
    let meant = grpc::connect_lazily(port.endpoint(), &gateway, "chat-service");
    assert_eq!(who_am_i(&meant).await.unwrap(), "gateway");
}
