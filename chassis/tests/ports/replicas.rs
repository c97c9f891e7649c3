//! Several replicas behind one channel.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chassis::ending::Ending;
use chassis::grpc::{Address, Channel, Limits, Standing, connect_lazily};
use chassis::identity::{Identity, Secret};
use tokio::net::TcpListener;
use tonic::Code;

use super::clients::{call, who_am_i};
use super::late::Late;
use super::stage::{Authority, Port, soon};

/// At once, on a machine that is busy with other tests.
const AT_ONCE: Duration = Duration::from_millis(900);

/// The way to the service behind all of these ports.
fn to_all(ports: &[&Port], identity: &Identity) -> Channel {
    let urls: Vec<_> = ports.iter().map(|port| format!("https://{}", port.address)).collect();
    connect_lazily(urls.join(",").parse::<Address>().unwrap(), identity, "auth-service")
}

fn calls(port: &Port) -> usize {
    port.calls.load(Ordering::Relaxed)
}

/// Calls until only `port` is called: not once in twenty calls another one.
async fn only_is_called(channel: &Channel, port: &Port) {
    soon(async {
        loop {
            let before = calls(port);
            for _ in 0..20 {
                who_am_i(channel).await.unwrap();
            }
            if calls(port) == before + 20 {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn calls_are_spread_over_those_that_serve_and_come_back_to_who_serves_again() {
    let authority = Authority::new();
    let (service, gateway) = (authority.identity("auth-service"), authority.identity("gateway"));
    let (one, other) = (Port::open(&service).await, Port::open(&service).await);
    let channel = to_all(&[&one, &other], &gateway);
    assert_eq!(channel.standing().await, Standing::Well);
    for _ in 0..20 {
        who_am_i(&channel).await.unwrap();
    }
    assert_eq!((calls(&one), calls(&other)), (10, 10));
    one.health.set_serving(false).await;
    only_is_called(&channel, &other).await;
    other.health.set_serving(false).await;
    assert_eq!(channel.standing().await, Standing::NotServing);
    who_am_i(&channel).await.expect("where none serves, they say best themselves why");
    one.health.set_serving(true).await;
    only_is_called(&channel, &one).await;
}

#[tokio::test]
async fn the_less_busy_one_is_called() {
    let authority = Authority::new();
    let (service, gateway) = (authority.identity("auth-service"), authority.identity("gateway"));
    let (one, other) = (Port::open(&service).await, Port::open(&service).await);
    let channel = to_all(&[&one, &other], &gateway);
    assert_eq!(channel.standing().await, Standing::Well);
    let waiting = call(&channel, "Wait", &[]);
    let asking = async {
        soon(async {
            while calls(&one) + calls(&other) == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let idle = if calls(&one) == 0 { &one } else { &other };
        for _ in 0..10 {
            who_am_i(&channel).await.unwrap();
        }
        assert_eq!(calls(idle), 10);
        one.answers.add_permits(1);
        other.answers.add_permits(1);
    };
    tokio::join!(async { waiting.await.unwrap() }, asking);
}

#[tokio::test]
async fn one_that_stops_costs_nobody_a_call() {
    let authority = Authority::new();
    let (service, gateway) = (authority.identity("auth-service"), authority.identity("gateway"));
    let (mut one, other) = (Port::open(&service).await, Port::open(&service).await);
    let channel = to_all(&[&one, &other], &gateway);
    for round in 0..2_000 {
        who_am_i(&channel).await.unwrap();
        if round == 100 {
            one.stop.cancel();
        }
    }
    soon(&mut one.running).await.unwrap().unwrap();
    only_is_called(&channel, &other).await;
}

#[tokio::test]
async fn where_nobody_is_that_is_said_at_once_and_whoever_comes_is_found() {
    let identity = Identity::in_process("auth-service", &Secret::generate().unwrap());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{free}")).unwrap();
    let channel = connect_lazily(endpoint, &identity, "auth-service");
    for _ in 0..3 {
        let begun = Instant::now();
        let refused = who_am_i(&channel).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    }
    assert_eq!(channel.standing().await, Standing::Unreachable);
    let _port = Port::on(&free.to_string(), Limits::default(), &identity).await;
    who_am_i(&channel).await.expect("the first call finds it");
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_waiting() {
    let authority = Authority::new();
    let (service, gateway) = (authority.identity("auth-service"), authority.identity("gateway"));
    let (mut port, silent) =
        (Port::open(&service).await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let urls = format!("https://{},https://{}", silent.local_addr().unwrap(), port.address);
    let channel = connect_lazily(urls.parse::<Address>().unwrap(), &gateway, "auth-service");
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(channel.standing().await, Standing::Well);
        assert_eq!(who_am_i(&channel).await.unwrap(), "gateway");
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    }
    port.stop.cancel();
    soon(&mut port.running).await.unwrap().unwrap();
    let begun = Instant::now();
    assert_eq!(who_am_i(&channel).await.unwrap_err().code(), Code::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_answer_that_was_on_its_way_already_is_no_answer() {
    let identity = Identity::in_process("auth-service", &Secret::generate().unwrap());
    let late = Late::open().await;
    let channel = connect_lazily(late.endpoint(), &identity, "auth-service");
    soon(late.asked()).await;
    late.does_not_serve_any_more();
    let (standing, ()) = tokio::join!(channel.standing(), async { late.answers_now() });
    assert_eq!(standing, Standing::NotServing);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_said_to_be_away() {
    let gateway = Authority::new().identity("gateway");
    let address = "https://auth-service.invalid:50051".parse::<Address>().unwrap();
    let channel = connect_lazily(address, &gateway, "auth-service");
    assert_eq!(who_am_i(&channel).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(channel.standing().await, Standing::Unreachable);
}

#[tokio::test]
async fn a_name_leads_to_all_that_have_it() {
    let authority = Authority::new();
    let (service, gateway) = (authority.identity("auth-service"), authority.identity("gateway"));
    let port = Port::open(&service).await;
    let address = format!("https://localhost:{}", port.address.port()).parse::<Address>().unwrap();
    let channel = connect_lazily(address, &gateway, "auth-service");
    assert_eq!(who_am_i(&channel).await.unwrap(), "gateway");
}

#[tokio::test]
async fn connections_that_get_old_end_and_no_call_with_them() {
    let identity = Identity::in_process("auth-service", &Secret::generate().unwrap());
    let max_age = Duration::from_millis(300);
    let ending = Ending { max_age, ..Ending::default() };
    let port = Port::ending("127.0.0.1:0", Limits::default(), ending, &identity).await;
    let channel = super::clients::to_auth(&port, &identity);
    // In flight while its connection gets old.
    let waiting = call(&channel, "Wait", &[]);
    let calling = async {
        let begun = Instant::now();
        while begun.elapsed() < max_age * 6 {
            who_am_i(&channel).await.unwrap();
        }
        port.answers.add_permits(1);
    };
    tokio::join!(async { waiting.await.unwrap() }, calling);
}
