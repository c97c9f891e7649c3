//! Told to stop, each program finishes what it has begun, tells those who cannot wait, and is gone in time,
//! whoever holds on to it.

use std::time::{Duration, Instant};

use chassis::grpc::{Channel, Standing};
use e2e::{Apart, Process, Product, Server, User, free_address};
use openai_stub::{Behaviour, Stub};
use proto::auth::v1::LogInRequest;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{ErrorReason, SendMessageRequest, turn_event};
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tonic::Request;

use crate::attacks::company::{connect, identity};

/// All of a shutdown, at most.
const LIMIT: Duration = Duration::from_secs(20);
/// What an HTTP/2 client says first, with settings that change nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const REPLY: &str = "I am still with you.";

/// Those who hold on to a port and say nothing: one has not begun, the other speaks HTTP/2.
async fn idlers(address: &str) -> [TcpStream; 2] {
    let silent = TcpStream::connect(address).await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(PREFACE).await.unwrap();
    [silent, idle]
}

/// Tells it to stop; it must have ended well in time when `meanwhile` is over.
async fn stops(process: &mut Process, meanwhile: impl Future<Output = ()>) {
    process.signal("TERM").await;
    let told = Instant::now();
    let ended = async {
        process.ends_well().await;
        assert!(told.elapsed() < LIMIT, "{:?}", told.elapsed());
    };
    tokio::join!(meanwhile, ended);
}

/// Somebody else may be at work on the database for as long as they like.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_waits_for_its_database_at_its_start_stops_when_it_is_told_to() {
    if scratch::server().is_none() {
        println!("skipped: nobody else is at work on a file for so long");
        return;
    }
    for name in ["auth", "chat"] {
        let folder = TempDir::new().unwrap();
        let data = folder.path().to_str().unwrap();
        let settings = [("AI_BUDDY_DATA", data), ("AI_BUDDY_LISTEN", "127.0.0.1:0")];
        let holder = scratch::connect_once(folder.path(), name).await;
        // As whoever changes the schema does: `Lock::MIGRATION`.
        holder.execute_unprepared("SELECT pg_advisory_lock(0)").await.unwrap();
        let beside = scratch::connect_once(folder.path(), name).await;
        let mut process = Process::start("ai-buddy", &settings);
        let waits = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while scratch::number(&beside, waits).await == 0 {}
        process.stop().await;
    }
}

/// A gateway at `address` is told to stop while somebody reads along, somebody waits and others say nothing.
async fn a_gateway_stops(process: &mut Process, product: &Product, address: &str, stub: &Stub) {
    let (ada, bob) = (product.register("ada").await, product.register("bob").await);
    stub.next([Behaviour::StallAfter { text: REPLY.into(), tokens: 3 }]);
    let mut reader = ada.stream("hello").await;
    reader.read_words(3).await;
    let delay = Duration::from_secs(3);
    stub.next([Behaviour::Slow { delay, text: REPLY.into() }]);
    let waiting = async { assert_eq!(bob.say("hello").await.1, REPLY) };
    let _idlers = idlers(address).await;
    let stopping = async {
        stub.heard_at_least(2).await;
        stops(process, async {
            let not_ready = async { while product.get("/readyz").await.status != 503 {} };
            tokio::time::timeout(Duration::from_secs(1), not_ready).await.unwrap();
            assert_eq!(product.get("/readyz").await.json()["gateway"], "draining");
            reader.read_on().await;
            assert_eq!(reader.error(), "interrupted");
        })
        .await;
    };
    tokio::join!(waiting, stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_says_that_it_stops_then_answers_and_is_gone() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _others = (apart.start("auth-service"), apart.start("chat-service"));
    let mut gateway = apart.start_set("gateway", &[("GATEWAY_STOP_DELAY_SECONDS", "2")]);
    let product = Product::at(&apart.gateway);
    product.ready().await;
    a_gateway_stops(&mut gateway, &product, &apart.gateway, &stub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_in_one_process_do_as_well() {
    let (stub, data) = (Stub::start().await.unwrap(), TempDir::new().unwrap());
    let (address, folder) = (free_address(), data.path().display().to_string());
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("OPENAI_BASE_URL", &stub.base_url()),
        ("AUTH_BCRYPT_COST", "10"),
        ("GATEWAY_STOP_DELAY_SECONDS", "2"),
    ];
    let mut process = Process::start("ai-buddy", &settings);
    let product = Product::at(&address);
    product.ready().await;
    a_gateway_stops(&mut process, &product, &address, &stub).await;
}

/// The way of the gateway to a service.
fn channel(apart: &Apart, url: &str, service: &'static str) -> Channel {
    connect(url, &identity(&apart.certificates(), "gateway"), service)
}

fn as_user<T>(user: &User, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", user.access).parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

fn message() -> SendMessageRequest {
    SendMessageRequest { text: "hello".to_owned(), ..SendMessageRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_service_answers_tells_those_who_read_along_and_is_gone() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _others = (apart.start("auth-service"), apart.start("gateway"));
    let mut chat = apart.start_set("chat-service", &[("CHAT_STOP_DELAY_SECONDS", "1")]);
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let (ada, bob) = (product.register("ada").await, product.register("bob").await);
    let channel = channel(&apart, &apart.chat_url(), "chat-service");
    let mut client = ChatServiceClient::new(channel.clone());
    stub.next([Behaviour::StallAfter { text: REPLY.into(), tokens: 3 }]);
    let mut told = client.stream_message(as_user(&ada, message())).await.unwrap().into_inner();
    stub.heard_at_least(1).await;
    let delay = Duration::from_secs(3);
    stub.next([Behaviour::Slow { delay, text: REPLY.into() }]);
    let _idlers = idlers(apart.chat_url().trim_start_matches("https://")).await;
    let waiting = async {
        let answer = client.send_message(as_user(&bob, message())).await.unwrap().into_inner();
        assert_eq!(answer.ai_message.unwrap().text, REPLY);
    };
    let stopping = async {
        stub.heard_at_least(2).await;
        stops(&mut chat, async {
            let not_serving = async { while channel.standing().await != Standing::NotServing {} };
            tokio::time::timeout(Duration::from_secs(1), not_serving).await.expect("at once");
            let mut last = None;
            while let Some(event) = told.message().await.unwrap() {
                last = event.event;
            }
            let Some(turn_event::Event::Failed(failed)) = last else { panic!("{last:?}") };
            assert_eq!(failed.reason(), ErrorReason::Interrupted);
        })
        .await;
    };
    tokio::join!(waiting, stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_service_answers_and_is_gone_though_others_listen_to_it() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _others = (apart.start("chat-service"), apart.start("gateway"));
    // The costliest password takes a second or so.
    let settings = [("AUTH_STOP_DELAY_SECONDS", "1"), ("AUTH_BCRYPT_COST", "14")];
    let mut auth = apart.start_set("auth-service", &settings);
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let channel = channel(&apart, &apart.auth_url(), "auth-service");
    let mut client = AuthServiceClient::new(channel.clone());
    let _idlers = idlers(apart.auth_url().trim_start_matches("https://")).await;
    let (username, password) = (ada.name.clone(), ada.password.clone());
    let logging_in = async {
        let asked = LogInRequest { username, password };
        assert!(client.log_in(asked).await.unwrap().into_inner().tokens.is_some());
    };
    let stopping = stops(&mut auth, async {
        let not_serving = async { while channel.standing().await != Standing::NotServing {} };
        tokio::time::timeout(Duration::from_secs(1), not_serving).await.expect("at once");
    });
    tokio::join!(logging_in, stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_twice_does_not_wait() {
    let stub = Stub::start().await.unwrap();
    let model = stub.base_url();
    let (mut process, product) = Product::as_process(&[("OPENAI_BASE_URL", &model)]).await;
    stub.always(Behaviour::Silence);
    let ada = product.register("ada").await;
    let mut reader = ada.stream("hello").await;
    reader.read().await;
    process.signal("TERM").await;
    process.line_with("stopping").await;
    let told = Instant::now();
    process.signal("INT").await;
    assert_eq!(process.ended().await, Some(130), "{}", process.output());
    assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_process_of_a_container_stops_when_told() {
    for signal in ["TERM", "INT"] {
        let (data, address) = (TempDir::new().unwrap(), free_address());
        let folder = data.path().display().to_string();
        let settings = [("AI_BUDDY_DATA", folder.as_str()), ("AI_BUDDY_LISTEN", &address)];
        let Some(mut process) = Process::first_of_its_own("ai-buddy", &settings) else {
            println!("skipped: this system lets nobody have processes of their own");
            return;
        };
        Product::at(&address).ready().await;
        process.signal(signal).await;
        process.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_left_after_twenty_seconds() {
    let Some(server) = Server::where_there_is_one() else {
        println!("skipped: in a file nothing stands still for so long");
        return;
    };
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let apart = Apart::on(Some(server), &stub.base_url());
    let _others = (apart.start("auth-service"), apart.start("gateway"));
    let mut chat = apart.start("chat-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let mut reader = ada.stream("hello").await;
    reader.read().await;
    stub.heard_at_least(1).await;
    // Neither the model nor the database ever answers: a server that stands still ends no statement, either.
    apart.server().unwrap().hang();
    chat.signal("TERM").await;
    let told = Instant::now();
    assert_eq!(chat.ended().await, Some(1), "{}", chat.output());
    let took = told.elapsed();
    println!("the chat service ended after {took:.1?}");
    assert!(took >= LIMIT && took < LIMIT + Duration::from_secs(3), "{took:?}");
    assert!(chat.output().contains("not everything stopped in time"), "{}", chat.output());
}
