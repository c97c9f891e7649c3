//! An HTTP port, and connections on which nothing is asked any more.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use chassis::http::{Limits, serve};
use chassis::tasks::Tasks;
use futures_util::stream::poll_fn;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::clients::{PREFACE, connect_from};
use super::stage::soon;

const LONG: Duration = Duration::from_hours(1);
const IDLE: Duration = Duration::from_millis(500);
/// `GET /` of HTTP/2, all of it: HEADERS that end their stream, and what they hold by its numbers in the
/// table of usual headers.
const GET: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a";

fn limits() -> Limits {
    Limits { header_timeout: LONG, idle: IDLE, ..Limits::default() }
}

/// An HTTP port, open until it is dropped.
struct Port {
    address: SocketAddr,
    /// Writes what `/told` tells.
    tell: Option<mpsc::UnboundedSender<Result<Bytes, Infallible>>>,
    stop: CancellationToken,
}

impl Port {
    async fn within(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (tell, told) = mpsc::unbounded_channel();
        let told = Arc::new(Mutex::new(Some(told)));
        let tells = move || {
            let mut told = told.lock().unwrap().take().unwrap();
            async { Body::from_stream(poll_fn(move |context| told.poll_recv(context))) }
        };
        let router = Router::new().route("/", get(async || "ok")).route("/told", get(tells));
        let stopped = stop.clone();
        Tasks::new().spawn(async move { serve(listener, router, &limits, stopped).await });
        Self { address, tell: Some(tell), stop }
    }

    /// Somebody who speaks HTTP/2, and a task that ends with their connection.
    async fn connect(&self) -> (SendRequest<Empty<Bytes>>, JoinSet<()>) {
        let socket = TcpStream::connect(self.address).await.unwrap();
        let (client, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
        let mut open = JoinSet::new();
        open.spawn(async { drop(connection.await) });
        (client, open)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("http://a{path}")).body(Empty::new()).unwrap()
}

/// Asks and hears the answer.
async fn ask(client: &mut SendRequest<Empty<Bytes>>) {
    let answer = client.send_request(request("/")).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
}

#[tokio::test]
async fn who_asks_nothing_any_more_is_let_go_and_who_is_still_being_told_something_is_not() {
    let mut port = Port::within(limits()).await;
    let (mut listener, _listening) = port.connect().await;
    let answer = soon(listener.send_request(request("/told"))).await.unwrap();
    let mut told = answer.into_body();

    // Longer than it takes to ask somebody to go, and to cut them off.
    for _ in 0..4 {
        let (mut client, mut open) = port.connect().await;
        soon(ask(&mut client)).await;
        soon(open.join_next()).await;
        assert!(client.send_request(request("/")).await.is_err(), "it has ended");
    }
    port.tell.as_ref().unwrap().send(Ok("still here".into())).unwrap();
    let heard = soon(told.frame()).await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(heard, "still here");
    port.tell = None;
    assert!(soon(told.collect()).await.unwrap().to_bytes().is_empty(), "to its end");
}

#[tokio::test]
async fn who_does_not_go_when_asked_to_is_cut_off() {
    let port = Port::within(limits()).await;
    for words in [[PREFACE, GET].concat(), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()] {
        let mut deaf = TcpStream::connect(port.address).await.unwrap();
        deaf.write_all(&words).await.unwrap();
        // Answers no ping, and does not close.
        let mut heard = Vec::new();
        let _ended = soon(deaf.read_to_end(&mut heard)).await;
        assert!(heard.windows(2).any(|letters| letters == b"ok"), "{heard:?}");
    }
}

#[tokio::test]
async fn who_goes_on_asking_stays() {
    let port = Port::within(limits()).await;
    let (mut client, _open) = port.connect().await;
    let begun = Instant::now();
    while begun.elapsed() < 3 * IDLE {
        soon(ask(&mut client)).await;
    }
}

/// Asks on a connection over HTTP/1.1, and hears what ends so.
async fn say(client: &mut TcpStream, path: &str, end: &str) -> String {
    let ask = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    client.write_all(ask.as_bytes()).await.unwrap();
    hear(client, end).await
}

async fn hear(client: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let more = soon(client.read_buf(&mut heard)).await.unwrap();
        assert!(more > 0, "no {end:?} in {}", String::from_utf8_lossy(&heard));
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn who_asks_again_while_the_port_closes_is_answered_and_told_that_it_was_the_last_time() {
    let mut port = Port::within(Limits { idle: LONG, linger: LONG, ..limits() }).await;
    let connect = async || TcpStream::connect(port.address).await.unwrap();
    let (mut asks, mut listens) = (connect().await, connect().await);
    let mut newcomer = connect().await;
    let before = say(&mut asks, "/", "ok").await;
    assert!(!before.contains("connection: close"), "{before}");
    say(&mut listens, "/told", "\r\n\r\n").await;
    port.stop.cancel();
    soon(async { while TcpStream::connect(port.address).await.is_ok() {} }).await;

    for client in [&mut asks, &mut newcomer] {
        let last = say(client, "/", "ok").await;
        assert!(last.contains("connection: close"), "{last}");
        assert_eq!(soon(client.read(&mut [0])).await.unwrap(), 0, "and that is the end");
    }
    // Whose answer had begun could not be told.
    port.tell = None;
    hear(&mut listens, "0\r\n\r\n").await;
    let last = say(&mut listens, "/", "ok").await;
    assert!(last.contains("connection: close"), "{last}");
}

#[tokio::test]
async fn who_asks_nothing_while_the_port_closes_is_let_go() {
    let port = Port::within(Limits { idle: LONG, linger: IDLE, ..limits() }).await;
    let mut spoke = TcpStream::connect(port.address).await.unwrap();
    let mut silent = TcpStream::connect(port.address).await.unwrap();
    say(&mut spoke, "/", "ok").await;
    port.stop.cancel();
    for client in [&mut spoke, &mut silent] {
        assert_eq!(soon(client.read(&mut [0])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn who_is_told_something_to_the_end_may_ask_once_more_only_as_long_as_others() {
    let mut port = Port::within(Limits { idle: LONG, linger: IDLE, ..limits() }).await;
    let mut listens = TcpStream::connect(port.address).await.unwrap();
    let mut spoke = TcpStream::connect(port.address).await.unwrap();
    say(&mut listens, "/told", "\r\n\r\n").await;
    say(&mut spoke, "/", "ok").await;
    port.stop.cancel();
    assert_eq!(soon(spoke.read(&mut [0])).await.unwrap(), 0);
    port.tell = None;
    hear(&mut listens, "0\r\n\r\n").await;
    // Into a closed connection, perhaps: what comes back tells.
    let _closed = listens.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut more = Vec::new();
    let _ended = soon(listens.read_to_end(&mut more)).await;
    assert!(more.is_empty(), "{}", String::from_utf8_lossy(&more));
}

#[tokio::test]
async fn one_network_leaves_places_for_others_unless_it_stands_for_many() {
    let bounded = Limits { idle: LONG, max_connections: 8, ..limits() };
    let proxies = vec!["127.0.0.0/24".parse().unwrap()];
    let unbounded = Limits { unbounded_networks: proxies, ..bounded.clone() };
    for (limits, most) in [(bounded, 4), (unbounded, 7)] {
        let port = Port::within(limits).await;
        let is_served = async |from: &str| {
            let mut socket = connect_from(from, port.address).await;
            // Into a closed connection, perhaps: what comes back tells.
            let _closed = socket.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            let mut answer = [0; 12];
            let heard = soon(socket.read_exact(&mut answer)).await;
            heard.is_ok().then_some(socket)
        };
        let mut held = Vec::new();
        for number in 0..7 {
            let from = format!("127.0.0.{}", number + 1);
            held.extend(is_served(&from).await);
        }
        assert_eq!(held.len(), most);
        assert!(is_served("127.0.1.1").await.is_some(), "somebody else");
        held.pop();
        // It is noticed in a moment that one has gone.
        soon(async { while is_served("127.0.0.1").await.is_none() {} }).await;
    }
}
