//! Numbers, asked for over a socket as Prometheus does.

use std::collections::BTreeSet;
use std::future::poll_fn;

use chassis::telemetry::metrics::Kind;
use e2e::{Answer, Numbers, User};
use openai_stub::{Behaviour, Stub};
use reqwest::Method;
use serde_json::json;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::codegen::http::Request;
use tonic::transport::{Channel, Endpoint};

use super::measured;
use crate::boundaries::root;

/// What counts where something is in flight or taken: nothing of it is left when nobody does anything.
const LEVELS: [&str; 5] = [
    "http_server_active_requests",
    "aibuddy_turns_inflight",
    "aibuddy_permits_in_use",
    "aibuddy_model_calls_inflight",
    "db_client_operations_in_use",
];

/// Turns begun, those that have ended, and those in flight.
fn turns(numbers: &Numbers) -> (f64, f64, f64) {
    let of = |name| numbers.sum(name, &[]);
    (of("aibuddy_turns_started_total"), of("aibuddy_turns_total"), of("aibuddy_turns_inflight"))
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// All is quiet: nothing is in flight, and every turn that was begun has ended.
fn is_quiet(numbers: &Numbers) -> bool {
    let (begun, ended, in_flight) = turns(numbers);
    let levels: f64 = LEVELS.iter().map(|level| numbers.sum(level, &[])).sum();
    same(begun, ended) && same(in_flight, 0.0) && same(levels, 0.0)
}

async fn say(ada: &User, text: &str) -> u16 {
    ada.try_to_say(text).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_in_the_numbers_under_the_names_of_the_conventions() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[]).await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("it rained").await;
    ada.see(&format!("/api/get-messages/?session_id={session}")).await;
    assert_eq!(ada.get("/api/sessions/99/").await.status, 404);

    let numbers = Numbers::once(&address, is_quiet).await;
    let count = |name: &str, labels: &[&str]| numbers.sum(&format!("{name}_count"), labels);
    let sent = [
        "http_request_method=\"POST\"",
        "http_route=\"/api/send-message\"",
        "http_response_status_code=\"201\"",
    ];
    assert!(same(count("http_server_request_duration_seconds", &sent), 1.0), "{}", numbers.text);
    let missing = ["http_route=\"/api/sessions/{id}\"", "http_response_status_code=\"404\""];
    assert!(same(count("http_server_request_duration_seconds", &missing), 1.0));
    for side in ["server", "client"] {
        let name = format!("rpc_{side}_call_duration_seconds");
        let register = ["aibuddy.auth.v1.AuthService/Register", "status_code=\"OK\""];
        assert!(same(count(&name, &register), 1.0), "{side}: {}", numbers.text);
        let missing = ["aibuddy.chat.v1.ChatService/", "status_code=\"NOT_FOUND\""];
        assert!(same(count(&name, &missing), 1.0), "{side}: {}", numbers.text);
    }
    for operation in ["read", "write"] {
        let system = format!("db_system_name=\"{}\"", scratch::system());
        let labels = [system.as_str(), &format!("db_operation_name=\"{operation}\"")];
        assert!(count("db_client_operation_duration_seconds", &labels) >= 1.0, "{operation}");
    }
    for asked in ["reply", "verdict"] {
        let labels = ["gen_ai_request_model=\"gpt-4o-mini\"", &format!("purpose=\"{asked}\"")];
        assert!(same(count("gen_ai_client_operation_duration_seconds", &labels), 1.0), "{asked}");
    }
    let tokens = count("gen_ai_client_token_usage", &["gen_ai_token_type=\"output\""]);
    assert!(tokens >= 1.0, "{}", numbers.text);
    assert!(same(count("gen_ai_client_operation_time_to_first_chunk_seconds", &[]), 1.0));
    assert!(count("gen_ai_client_operation_time_per_output_chunk_seconds", &[]) >= 1.0);
    assert!(same(count("aibuddy_overhead_seconds", &[]), 1.0));
    assert!(same(numbers.sum("aibuddy_turns_total", &["outcome=\"completed\""]), 1.0));
    assert!(same(numbers.sum("build_info", &["service=\"ai-buddy\"", "version=\""]), 1.0));
    assert!(numbers.sum("process_resident_memory_bytes", &[]) > 1e6);
    assert!(numbers.sum("process_open_fds", &[]) > 10.0);
    assert!(numbers.sum("process_start_time_seconds", &[]) > 1e9);
    let bucket = "http_server_request_duration_seconds_bucket";
    assert!(numbers.sum(bucket, &["le=\"0.005\""]) <= numbers.sum(bucket, &["le=\"10\""]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_make_up_a_series() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[]).await;
    let ada = product.register("ada").await;
    let ask = async |number: usize| {
        let method = Method::from_bytes(format!("X{number}").as_bytes()).unwrap();
        let path = format!("/api/nothing-{number}/");
        Answer::to(product.http().request(method.clone(), product.url(&path))).await;
        Answer::to(product.http().request(method, product.url("/api/sessions/"))).await;
        ada.get(&format!("/api/sessions/{}/", 1_000 + number)).await;
    };
    ask(0).await;
    let names = |numbers: &Numbers| {
        let series = numbers.series().map(|(series, _)| series.to_owned());
        series.collect::<BTreeSet<_>>()
    };
    let before = names(&Numbers::once(&address, is_quiet).await);
    for number in 1..=1_000 {
        ask(number).await;
    }
    let numbers = Numbers::once(&address, is_quiet).await;
    assert_eq!(names(&numbers), before);
    let made_up = ["http_request_method=\"_OTHER\"", "http_route=\"unmatched\""];
    let counted = numbers.sum("http_server_request_duration_seconds_count", &made_up);
    assert!(same(counted, 1_001.0), "{}", numbers.text);
}

/// Calls a method by whatever name.
async fn call(url: &str, channel: &mut Channel, method: &str) {
    let request = Request::post(format!("{url}/{method}"));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let answer = channel.call(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "12", "{method} is not implemented");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_nobody_has_are_one_series() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[]).await;
    let url = product.chat_url();
    let mut channel = Endpoint::from_shared(url.clone()).unwrap().connect().await.unwrap();
    let other = ["rpc_method=\"_OTHER\"", "rpc_response_status_code=\"UNIMPLEMENTED\""];
    for number in 0..1_000 {
        let service = ["aibuddy.chat.v1.ChatService", "a.B"][number % 2];
        call(&url, &mut channel, &format!("{service}/M{number}")).await;
    }
    let counted = "rpc_server_call_duration_seconds_count";
    let numbers = Numbers::once(&address, |it| same(it.sum(counted, &other), 1_000.0)).await;
    let of_it = numbers
        .series()
        .filter(|(series, _)| series.starts_with(counted) && series.contains("UNIMPLEMENTED"));
    assert_eq!(of_it.count(), 1, "{}", numbers.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_turn_that_was_begun_is_in_flight_or_has_an_outcome() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[("CHAT_VERDICT", "off")]).await;
    let ada = product.register("ada").await;
    stub.always(Behaviour::Silence);
    let mut reader = ada.stream("are you there?").await;
    assert!(reader.read().await, "it was taken on");
    let numbers = Numbers::once(&address, |numbers| same(turns(numbers).2, 1.0)).await;
    let (begun, ended, in_flight) = turns(&numbers);
    assert!(same(begun, ended + in_flight) && same(begun, 1.0), "{}", numbers.text);
    assert!(same(numbers.sum("aibuddy_permits_in_use", &["permit=\"turns\""]), 1.0));
    assert!(same(numbers.sum("aibuddy_model_calls_inflight", &[]), 1.0));
    assert!(numbers.sum("http_server_active_requests", &[]) >= 1.0);

    ada.stop(reader.turn, None).await;
    drop(reader);
    stub.always(Behaviour::reply("I am."));
    assert_eq!(say(&ada, "and now?").await, 201);
    stub.always(Behaviour::unauthorized());
    assert_eq!(say(&ada, "and now?").await, 503);
    assert_eq!(say(&ada, "I want to die").await, 201);
    let numbers = Numbers::once(&address, is_quiet).await;
    let outcome =
        |name: &str| numbers.sum("aibuddy_turns_total", &[&format!("outcome=\"{name}\"")]);
    let outcomes = ["stopped", "completed", "model_unavailable", "written"].map(outcome);
    assert!(outcomes.iter().all(|turns| same(*turns, 1.0)), "{outcomes:?}: {}", numbers.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_down_is_seen_in_the_numbers() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[("CHAT_VERDICT", "off")]).await;
    let ada = product.register("ada").await;
    stub.always(Behaviour::server_error());
    let is_open = |numbers: &Numbers| same(numbers.sum("aibuddy_model_breaker_open", &[]), 1.0);
    assert!(!is_open(&Numbers::at(&address).await));
    for _ in 0..3 {
        assert_eq!(say(&ada, "hello?").await, 503);
    }
    let numbers = Numbers::once(&address, is_open).await;
    let failed = ["error_type=\"refused for now\"", "purpose=\"reply\""];
    assert!(numbers.sum("gen_ai_client_operation_duration_seconds_count", &failed) >= 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_have_a_port_of_their_own_and_no_words_in_them() {
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[]).await;
    let ada = product.register("canary-ada").await;
    stub.always(Behaviour::reply("you said canary-words"));
    ada.say("my secret is canary-words").await;
    product.post("/api/login/", &json!({"username": "canary", "password": "canary"})).await;
    product.get("/canary/?canary=canary").await;
    assert_eq!(product.get("/metrics").await.status, 404, "clients do not see them");
    let numbers = Numbers::once(&address, is_quiet).await;
    assert!(!numbers.text.contains("canary"), "{}", numbers.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_that_is_shown_is_explained_to_operators() {
    let page = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let declared = [
        chassis::telemetry::metrics::MEASURES.to_vec(),
        auth_service::measures(),
        chat_service::measures(),
    ];
    let declared = declared.concat();
    for measure in &declared {
        assert!(page.contains(&format!("`{}`", measure.name)), "{}", measure.name);
    }
    // What is shown is declared: whoever reads the page knows all of it.
    let stub = Stub::start().await.unwrap();
    let (_process, product, address) = measured(&stub, &[]).await;
    product.register("ada").await.say("it rained").await;
    let numbers = Numbers::once(&address, is_quiet).await;
    let kinds = numbers.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in kinds.filter_map(|line| line.split_once(' ')) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
        let measure = declared.iter().find(|measure| measure.name == name).unwrap();
        let is_declared = match measure.kind {
            Kind::Counter => kind == "counter",
            Kind::Gauge => kind == "gauge",
            Kind::Histogram(_) => kind == "histogram",
        };
        assert!(is_declared, "{name} is shown as a {kind}");
    }
    // Whoever asks for its rate wants it to grow, and by less than whole seconds.
    let time = |numbers: &Numbers| numbers.sum("process_cpu_seconds_total", &[]);
    let before = time(&numbers);
    let grows = |time: f64| time > before && time.fract() > 0.0;
    Numbers::once(&address, |numbers| grows(time(numbers))).await;
}
