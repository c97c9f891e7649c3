//! Traces, told to a collector over a socket.

use std::time::{Duration, Instant};

use e2e::{Answer, Apart, Collector, Product, Reader, Span};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tokio::net::TcpListener;

use super::measured;

/// Where a request stands that begins elsewhere.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Told as soon as it has happened.
const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "50");

/// The span of this name below `parent`.
fn below<'a>(spans: &'a [Span], parent: &Span, name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.parent == parent.id && span.name == name);
    assert!(found.is_some(), "no {name} below {}: {spans:#?}", parent.name);
    found.unwrap()
}

fn has(spans: &[Span], name: &str) -> bool {
    spans.iter().any(|span| span.name == name)
}

/// Sends a message as somebody whose request is part of a trace.
async fn say_within(product: &Product, token: &str, traceparent: &str) -> Answer {
    let request = product.request("POST", "/api/send-message/").bearer_auth(token);
    let request = request.header("traceparent", traceparent).json(&json!({"text": "it rained"}));
    Answer::to(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_through_every_service_to_the_database_and_the_model() {
    let (stub, collector) = (Stub::start().await.unwrap(), Collector::start().await);
    let (apart, url) = (Apart::new(&stub.base_url()), collector.url());
    let more = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), SOON, ("LOG_FORMAT", "json")];
    let programs = ["auth-service", "chat-service", "gateway"];
    let running = programs.map(|program| apart.start_set(program, &more));
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    assert_eq!(say_within(&product, &ada.access, &traceparent).await.status, 201);

    let spans = collector
        .once(|spans| {
            let of_it: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).collect();
            let has_answered =
                |service: &str| of_it.iter().any(|span| span.service == service && span.kind == 2);
            let all = has_answered("gateway") && has_answered("chat-service");
            all && of_it.iter().any(|span| span.name == "chat gpt-4o-mini")
        })
        .await;
    let of_it: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).cloned().collect();
    let request = of_it.iter().find(|span| span.parent == PARENT).unwrap();
    assert_eq!(
        (request.service.as_str(), request.name.as_str()),
        ("gateway", "POST /api/send-message")
    );
    assert_eq!(request.attributes["http.response.status_code"], "201");
    let method = "aibuddy.chat.v1.ChatService/StreamMessage";
    let call = of_it.iter().find(|span| span.parent == request.id).unwrap();
    assert_eq!((call.service.as_str(), call.kind), ("gateway", 3));
    let answered = below(&of_it, call, &call.name);
    assert_eq!((answered.service.as_str(), answered.kind), ("chat-service", 2), "{method}");
    assert_eq!(answered.attributes["rpc.response.status_code"], "OK");
    for operation in ["read", "write"] {
        let operation = below(&of_it, answered, operation);
        assert_eq!(operation.attributes["db.system.name"], scratch::system());
    }
    let model = below(&of_it, answered, "chat gpt-4o-mini");
    assert_eq!(model.attributes["gen_ai.request.model"], "gpt-4o-mini");
    assert!(model.attributes.contains_key("gen_ai.usage.output_tokens"), "{model:?}");

    // Whoever registers reaches the other service in the same way.
    let spans = collector.once(|spans| has(spans, "POST /api/register")).await;
    let request = spans.iter().find(|span| span.name == "POST /api/register").unwrap();
    assert_eq!(request.parent, "", "a trace of its own");
    let register = "aibuddy.auth.v1.AuthService/Register";
    let answered = below(&spans, below(&spans, request, register), register);
    assert_eq!(answered.service, "auth-service");
    below(&spans, answered, "write");

    // What each service wrote about the request can be found by its trace.
    for (program, process) in programs.iter().zip(&running).skip(1) {
        let output = process.output();
        let line = output.lines().find(|line| line.contains(TRACE) && line.contains("answered"));
        let line: serde_json::Value = serde_json::from_str(line.expect(program)).unwrap();
        assert_eq!((&line["service"], &line["trace_id"]), (&json!(program), &json!(TRACE)));
        assert!(line["ts"].is_string() && line["request_id"].is_string(), "{line}");
        assert!(line["route"].is_string() && line["status"].is_number(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_trace_context_begins_a_trace_and_who_samples_is_heard() {
    let (stub, collector) = (Stub::start().await.unwrap(), Collector::start().await);
    let url = collector.url();
    let (_process, product, _) =
        measured(&stub, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), SOON]).await;
    let ada = product.register("ada").await;
    for wrong in ["canary", "00-00-00-00", &format!("00-{TRACE}-{PARENT}-01-more")] {
        assert_eq!(say_within(&product, &ada.access, wrong).await.status, 201);
    }
    let other = "5".repeat(32);
    let unwanted = format!("00-{other}-{PARENT}-00");
    assert_eq!(say_within(&product, &ada.access, &unwanted).await.status, 201);
    let sent =
        |spans: &[Span]| spans.iter().filter(|span| span.name == "POST /api/send-message").count();
    ada.see("/api/sessions/").await;
    let spans = collector.once(|spans| sent(spans) == 3 && has(spans, "GET /api/sessions")).await;
    assert!(spans.iter().all(|span| ![TRACE, &other].contains(&span.trace.as_str())));
    assert!(spans.iter().all(|span| span.service == "ai-buddy"));
    assert!(!collector.text().contains("canary"));
    let failed = spans.iter().filter(|span| span.has_failed);
    assert_eq!(failed.count(), 0, "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_holds_nobodys_words() {
    let (stub, collector) = (Stub::start().await.unwrap(), Collector::start().await);
    let url = collector.url();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), SOON, ("RUST_LOG", "trace")];
    let (mut process, product, numbers) = measured(&stub, &settings).await;
    let ada = product.register("canary-ada").await;
    stub.always(Behaviour::reply("you said canary-words"));
    ada.say("my secret is canary-words").await;
    let mut reader: Reader = ada.stream("I want to die, canary-words").await;
    reader.read_on().await;
    stub.always(Behaviour::StatusWithText { code: 400, body: "canary".to_owned() });
    ada.try_to_say("canary").await;
    product.post("/api/login/", &json!({"username": "canary", "password": "canary"})).await;
    product.get("/canary/?canary=canary").await;
    collector.once(|spans| has(spans, "GET unmatched") && has(spans, "POST /api/login")).await;
    let told = e2e::Numbers::at(&numbers).await.text;
    process.stop().await;
    for (place, text) in
        [("numbers", told), ("logs", process.output()), ("traces", collector.text())]
    {
        let seen: Vec<_> = text.lines().filter(|line| line.contains("canary")).collect();
        assert!(seen.is_empty(), "in {place}: {seen:#?}");
        let [_, signature] = ada.access.rsplitn(2, '.').collect::<Vec<_>>()[..] else { continue };
        assert!(!text.contains(signature), "a token is in {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_gone_or_silent_costs_spans_and_no_request() {
    let stub = Stub::start().await.unwrap();
    // It takes connections, as the system does by itself, and says nothing, ever.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    let gone = format!("http://{}", e2e::free_address());
    for collector in [silent, gone] {
        let settings = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
            SOON,
        ];
        let (mut process, product, _) = measured(&stub, &settings).await;
        let ada = product.register("ada").await;
        let (session, _) = ada.say("it rained").await;
        let path = format!("/api/get-messages/?session_id={session}");
        let began = Instant::now();
        for _ in 0..200 {
            ada.see(&path).await;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it slows people down");
        let began = Instant::now();
        process.stop().await;
        assert!(began.elapsed() < Duration::from_secs(6), "it holds up the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_the_trace_is_in_the_logs_of_every_service() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let programs = ["auth-service", "chat-service", "gateway"];
    let mut running = programs.map(|program| apart.start_set(program, &[("LOG_FORMAT", "json")]));
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let traceparent = format!("00-{TRACE}-{PARENT}-00");
    assert_eq!(say_within(&product, &ada.access, &traceparent).await.status, 201);
    for process in running.iter_mut().skip(1) {
        process.line_with(TRACE).await;
    }
    // One that begins here is the same everywhere, too.
    let line = running[2].line_with("/api/register").await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let trace = line["trace_id"].as_str().unwrap();
    assert_eq!(trace.len(), 32);
    running[0].line_with(trace).await;
}
