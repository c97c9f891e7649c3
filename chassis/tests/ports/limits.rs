//! Clients that say nothing, or only the half: they are cut off, and hold up nobody.

use std::time::Duration;

use chassis::grpc::Limits;
use chassis::identity::{Identity, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::clients::{PREFACE, call, connect_from, to_auth, who_am_i};
use super::stage::{Authority, Port, soon};

/// Long enough for everybody who means to be served, also on a busy machine.
const SHORT: Duration = Duration::from_secs(2);
/// Longer than any test is patient.
const LONG: Duration = Duration::from_hours(1);

fn limits() -> Limits {
    Limits { first_byte: LONG, handshake: LONG, silence: LONG, ..Limits::default() }
}

fn in_process() -> Identity {
    Identity::in_process("auth-service", &Secret::generate().unwrap())
}

/// Says `words` and then nothing more: returns when it is cut off, with others being served meanwhile.
async fn cut_off(port: &Port, service: &Identity, words: &[u8]) {
    let mut silent = TcpStream::connect(port.address).await.unwrap();
    silent.write_all(words).await.unwrap();
    let others = async {
        loop {
            who_am_i(&to_auth(port, service)).await.unwrap();
        }
    };
    let cut = async {
        let mut answer = [0; 64];
        // An error is an end, too.
        while silent.read(&mut answer).await.is_ok_and(|read| read > 0) {}
    };
    soon(async {
        tokio::select! {
            () = cut => {}
            () = others => {}
        }
    })
    .await;
    who_am_i(&to_auth(port, service)).await.unwrap();
}

#[tokio::test]
async fn who_says_nothing_is_cut_off_while_others_are_served() {
    let limits = Limits { first_byte: SHORT, ..limits() };
    let certificates = Authority::new().identity("auth-service");
    for identity in [in_process(), certificates] {
        let port = Port::within(limits.clone(), &identity).await;
        cut_off(&port, &identity, b"").await;
    }
}

#[tokio::test]
async fn half_a_tls_handshake_is_cut_off_while_others_are_served() {
    let identity = Authority::new().identity("auth-service");
    let port = Port::within(Limits { handshake: SHORT, ..limits() }, &identity).await;
    // The head of a record with a ClientHello, and its first byte.
    cut_off(&port, &identity, &[22, 3, 1, 2, 0, 1]).await;
}

#[tokio::test]
async fn half_an_http2_preface_is_cut_off_while_others_are_served() {
    let identity = in_process();
    let port = Port::within(Limits { silence: SHORT, ..limits() }, &identity).await;
    cut_off(&port, &identity, &PREFACE[..10]).await;
}

#[tokio::test]
async fn who_falls_silent_after_the_preface_is_cut_off_while_others_are_served() {
    let identity = in_process();
    let port = Port::within(Limits { silence: SHORT, ..limits() }, &identity).await;
    cut_off(&port, &identity, PREFACE).await;
}

#[tokio::test]
async fn however_many_say_nothing_others_are_served() {
    let limits =
        Limits { max_connections: 4, max_unready: 2, max_unready_per_address: 1, ..limits() };
    for identity in [in_process(), Authority::new().identity("auth-service")] {
        let port = Port::within(limits.clone(), &identity).await;
        let mut silent = Vec::new();
        for from in (0..20).flat_map(|_| ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
            silent.push(connect_from(from, port.address).await);
            who_am_i(&to_auth(&port, &identity)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_place_is_free_again_when_its_connection_has_ended() {
    for identity in [in_process(), Authority::new().identity("auth-service")] {
        let port = Port::within(Limits { max_connections: 1, ..limits() }, &identity).await;
        for words in [b"".as_slice(), b"nonsense"] {
            let mut held = TcpStream::connect(port.address).await.unwrap();
            held.write_all(words).await.unwrap();
            let channel = to_auth(&port, &identity);
            let (served, ()) = tokio::join!(who_am_i(&channel), async { drop(held) });
            served.unwrap();
        }
    }
}

#[tokio::test]
async fn a_port_closes_when_a_shutdown_begins_and_calls_are_still_answered() {
    let identity = Authority::new().identity("auth-service");
    let mut port = Port::open(&identity).await;
    let channel = to_auth(&port, &identity);
    let shutdown = async {
        // Served on the same connection, so the call before it has arrived.
        who_am_i(&channel).await.unwrap();
        port.stop.cancel();
        soon(async { while TcpStream::connect(port.address).await.is_ok() {} }).await;
        port.answers.add_permits(1);
    };
    let (answer, ()) = tokio::join!(call(&channel, "Wait", &[]), shutdown);
    assert_eq!(answer.unwrap(), "auth-service");
    drop(channel);
    soon(&mut port.running).await.unwrap().unwrap();
}
