//! The stub, as a client meets it.

use std::{error::Error, time::Duration};

use openai_stub::{Behaviour, DEFAULT_REPLY, Stub};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error>>;

fn client() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::new()
}

fn ask(stub: &Stub, text: &str, stream: bool) -> RequestBuilder {
    client().post(format!("{}/chat/completions", stub.base_url())).json(&json!({
        "model": "a-model",
        "messages": [
            { "role": "system", "content": "Be kind." },
            { "role": "user", "content": [{ "type": "text", "text": text }] },
        ],
        "stream": stream,
        "stream_options": { "include_usage": true },
    }))
}

fn data_lines(body: &str) -> Vec<String> {
    body.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
}

async fn events(response: Response) -> reqwest::Result<Vec<String>> {
    Ok(data_lines(&response.text().await?))
}

/// The text of a stream, from those data lines that are good chunks.
fn said(events: &[String]) -> String {
    (events.iter())
        .filter_map(|event| serde_json::from_str::<Value>(event).ok())
        .filter_map(|chunk| Some(chunk.pointer("/choices/0/delta/content")?.as_str()?.to_owned()))
        .collect()
}

async fn plainly_said(request: RequestBuilder) -> reqwest::Result<String> {
    let answer: Value = request.send().await?.json().await?;
    let content = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
    Ok(content.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_plain_answer_is_one_object() -> Outcome {
    let stub = Stub::start().await?;
    let answer: Value = ask(&stub, "Hello?", false).send().await?.json().await?;
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(
        answer["choices"][0]["message"],
        json!({ "role": "assistant", "content": DEFAULT_REPLY })
    );
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        answer["usage"],
        json!({ "prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6 })
    );
    Ok(())
}

#[tokio::test]
async fn a_stream_has_role_words_finish_usage_and_done() -> Outcome {
    let stub = Stub::start().await?;
    let response = ask(&stub, "Hello?", true).send().await?;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let events = events(response).await?;
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(done, "[DONE]");
    let chunks: Vec<Value> =
        chunks.iter().map(|chunk| serde_json::from_str(chunk)).collect::<Result<_, _>>()?;
    let deltas: Vec<_> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    assert_eq!(*deltas[0], json!({ "role": "assistant", "content": "" }));
    assert_eq!(*deltas[1], json!({ "content": "I " }));
    assert_eq!(*deltas[2], json!({ "content": "hear " }));
    assert_eq!(*deltas[3], json!({ "content": "you." }));
    assert_eq!(*deltas[4], json!({}));
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], Value::Null);
    assert_eq!(chunks[4]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[4]["usage"], Value::Null);
    assert_eq!(chunks[5]["choices"], json!([]));
    assert_eq!(chunks[5]["usage"]["total_tokens"], 6);
    assert_eq!(chunks.len(), 6);
    Ok(())
}

#[tokio::test]
async fn without_being_asked_a_stream_tells_no_usage() -> Outcome {
    let stub = Stub::start().await?;
    let request = client()
        .post(format!("{}/chat/completions", stub.base_url()))
        .json(&json!({ "model": "m", "messages": [], "stream": true }));
    let events = events(request.send().await?).await?;
    assert!(events.iter().all(|event| !event.contains("usage")), "{events:?}");
    assert_eq!(said(&events), DEFAULT_REPLY);
    Ok(())
}

#[tokio::test]
async fn a_drop_before_the_headers_is_an_error_to_the_client() -> Outcome {
    let stub = Stub::start().await?;
    stub.always(Behaviour::Drop);
    for stream in [false, true] {
        let error = ask(&stub, "Hello?", stream).send().await.unwrap_err();
        assert!(error.is_request() && error.status().is_none(), "{error:?}");
    }
    assert_eq!((stub.hang_ups(), stub.in_flight()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_drop_on_a_connection_in_use_is_no_reason_to_ask_again() -> Outcome {
    let stub = Stub::start().await?;
    stub.next([Behaviour::default(), Behaviour::Drop]);
    let client = client();
    let again = || {
        let request = ask(&stub, "Hello?", false).build();
        async { client.execute(request?).await?.text().await }
    };
    again().await?;
    assert!(again().await.is_err());
    assert_eq!(stub.heard().len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_drop_in_the_middle_is_an_error_after_the_tokens() -> Outcome {
    let stub = Stub::start().await?;
    stub.always(Behaviour::DropAfter { text: "one two three four".to_owned(), tokens: 2 });
    let mut response = ask(&stub, "Hello?", true).send().await?;
    let mut received = Vec::new();
    let error = loop {
        match response.chunk().await {
            Ok(Some(piece)) => received.extend_from_slice(&piece),
            Ok(None) => panic!("the stream ended as if it were complete"),
            Err(error) => break error,
        }
    };
    assert!(error.is_decode() || error.is_body(), "{error:?}");
    let received = String::from_utf8(received)?;
    assert!(received.contains("two ") && !received.contains("three"), "{received}");
    assert!(ask(&stub, "Hello?", false).send().await?.bytes().await.is_err());
    assert_eq!((stub.hang_ups(), stub.in_flight()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_client_that_gives_up_on_silence_hung_up() -> Outcome {
    let stub = Stub::start().await?;
    stub.always(Behaviour::Silence);
    tokio::select! {
        answer = ask(&stub, "Hello?", true).send() => panic!("{answer:?}"),
        heard = stub.heard_at_least(1) => assert_eq!(heard.len(), 1),
    }
    stub.hung_up_at_least(1).await;
    assert_eq!((stub.hang_ups(), stub.in_flight()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_a_body_hung_up() -> Outcome {
    let stub = Stub::start().await?;
    stub.next([
        Behaviour::NeverEnding,
        Behaviour::SilenceAfterHeaders,
        Behaviour::StallAfter { text: "one two three".to_owned(), tokens: 1 },
        Behaviour::NeverEnding,
        Behaviour::KeepAlivesOnly { every: Duration::from_millis(1) },
    ]);
    for (before, stream) in [true, true, true, false, false].into_iter().enumerate() {
        let response = ask(&stub, "Hello?", stream).send().await?;
        assert_eq!((stub.hang_ups(), stub.in_flight()), (before, 1));
        drop(response);
        stub.hung_up_at_least(before + 1).await;
    }
    assert_eq!(stub.in_flight(), 0);
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_on_done_did_not_hang_up() -> Outcome {
    let stub = Stub::start().await?;
    let mut response = ask(&stub, "Hello?", true).send().await?;
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("[DONE]") {
        received.extend_from_slice(&response.chunk().await?.unwrap());
    }
    drop(response);
    assert_eq!((stub.hang_ups(), stub.in_flight()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn what_is_queued_comes_in_order_and_then_the_default() -> Outcome {
    let stub = Stub::start().await?;
    stub.always(Behaviour::reply("As always."));
    stub.next([Behaviour::rate_limited(Some("7")), Behaviour::bad_gateway_page()]);
    stub.next([Behaviour::reply("Third.")]);

    let limited = ask(&stub, "1", true).send().await?;
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "7");
    let body: Value = limited.json().await?;
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    assert_eq!(body["error"]["type"], "requests");

    let page = ask(&stub, "2", false).send().await?;
    assert_eq!(page.status(), 502);
    assert!(page.text().await?.starts_with("<html>"));

    assert_eq!(plainly_said(ask(&stub, "3", false)).await?, "Third.");
    assert_eq!(plainly_said(ask(&stub, "4", false)).await?, "As always.");
    Ok(())
}

#[tokio::test]
async fn every_request_is_heard() -> Outcome {
    let stub = Stub::start().await?;
    ask(&stub, "Hello?", false).bearer_auth("a-key").send().await?;
    ask(&stub, "Still there?", true).send().await?;
    let heard = stub.heard();
    assert_eq!(heard.len(), 2);
    let message = |role: &str, content: &str| (role.to_owned(), content.to_owned());
    assert_eq!(heard[0].messages, [message("system", "Be kind."), message("user", "Hello?")]);
    assert_eq!(heard[0].model, "a-model");
    assert_eq!(heard[0].authorization.as_deref(), Some("Bearer a-key"));
    assert!(!heard[0].stream);
    assert_eq!(heard[1].messages[1], message("user", "Still there?"));
    assert_eq!(heard[1].authorization, None);
    assert!(heard[1].stream);
    assert_eq!(heard[1].body["stream_options"]["include_usage"], true);
    Ok(())
}

#[tokio::test]
async fn a_malformed_request_is_refused_and_not_heard() -> Outcome {
    let stub = Stub::start().await?;
    stub.next([Behaviour::reply("For the first good one.")]);
    let url = format!("{}/chat/completions", stub.base_url());
    for body in ["no JSON", r#"{"model":"m"}"#] {
        let refused = client().post(&url).body(body).send().await?;
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.json::<Value>().await?["error"]["type"], "invalid_request_error");
    }
    assert_eq!(stub.heard(), []);
    assert_eq!(plainly_said(ask(&stub, "Hello?", false)).await?, "For the first good one.");
    Ok(())
}

#[tokio::test]
async fn every_good_answer_says_the_same_in_both_forms() -> Outcome {
    let stub = Stub::start().await?;
    let every = Duration::from_millis(1);
    let text = || "Grüße, Welt!\nZwei  Zeilen.".to_owned();
    let good = [
        (Behaviour::Reply(text()), text()),
        (Behaviour::Echo, r#"{"roles":"su","last":"Hello?","n":2}"#.to_owned()),
        (Behaviour::Slow { delay: every, text: text() }, text()),
        (Behaviour::TokenDelay { text: text(), every }, text()),
        (Behaviour::Trickle { every: Duration::ZERO }, DEFAULT_REPLY.to_owned()),
        (Behaviour::KeepAlives { text: text() }, text()),
        (Behaviour::FinishReason { text: text(), reason: "length".to_owned() }, text()),
        (Behaviour::Long { chars: 8 }, "0 1 2 3.".to_owned()),
        (Behaviour::EmptyReply, String::new()),
        (Behaviour::NullContent, String::new()),
        (Behaviour::Refusal, String::new()),
        (Behaviour::ToolCall, String::new()),
    ];
    for (behaviour, expected) in good {
        stub.next([behaviour.clone(), behaviour.clone()]);
        let plain = plainly_said(ask(&stub, "Hello?", false)).await?;
        assert_eq!(plain, expected, "{behaviour:?}");
        let events = events(ask(&stub, "Hello?", true).send().await?).await?;
        assert_eq!(said(&events), expected, "{behaviour:?}");
        assert_eq!(events.last().unwrap(), "[DONE]", "{behaviour:?}");
    }
    Ok(())
}

#[tokio::test]
async fn broken_streams_are_broken_as_described() -> Outcome {
    let stub = Stub::start().await?;
    let text = || "one two three".to_owned();
    stub.next([
        Behaviour::NoFinish { text: text() },
        Behaviour::ErrorChunk { text: text(), tokens: 2 },
        Behaviour::MalformedChunk { text: text(), tokens: 1 },
        Behaviour::Garbage,
        Behaviour::JsonInsteadOfStream,
        Behaviour::NoChoices,
    ]);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(ask(&stub, "Hello?", true).send().await?.text().await?);
    }
    let is_bad = |event: &&String| serde_json::from_str::<Value>(event).is_err();

    assert_eq!(said(&data_lines(&answers[0])), text());
    assert!(!answers[0].contains("stop") && !answers[0].contains("[DONE]"));

    assert_eq!(said(&data_lines(&answers[1])), "one two ");
    assert!(data_lines(&answers[1]).last().unwrap().starts_with(r#"{"error":{"#));

    assert_eq!(said(&data_lines(&answers[2])), text());
    assert_eq!(data_lines(&answers[2]).iter().filter(is_bad).count(), 2, "the bad one and [DONE]");

    assert_eq!(data_lines(&answers[3]).iter().filter(is_bad).count(), 3);
    assert_eq!(serde_json::from_str::<Value>(&answers[4])?["object"], "chat.completion");
    assert!(answers[5].contains(r#""choices":[]"#));
    Ok(())
}

#[tokio::test]
async fn messages_steer_only_when_they_may() -> Outcome {
    let stub = Stub::start().await?;
    assert_eq!(plainly_said(ask(&stub, "STUB:echo", false)).await?, DEFAULT_REPLY);
    stub.steered_by_messages();
    assert_eq!(ask(&stub, "STUB:503", false).send().await?.status(), 503);
    assert_eq!(plainly_said(ask(&stub, "STUB:nonsense", false)).await?, DEFAULT_REPLY);
    stub.next([Behaviour::reply("The queue comes first.")]);
    assert_eq!(plainly_said(ask(&stub, "STUB:500", false)).await?, "The queue comes first.");
    Ok(())
}

#[tokio::test]
async fn a_dropped_stub_lets_go_of_its_clients() -> Outcome {
    let stub = Stub::start().await?;
    stub.always(Behaviour::Silence);
    let request = tokio::task::JoinSet::from_iter([ask(&stub, "Hello?", false).send()]);
    stub.heard_at_least(1).await;
    drop(stub);
    assert!(request.join_all().await.iter().all(Result::is_err));
    Ok(())
}

#[tokio::test]
async fn it_lists_a_model_and_knows_no_other_paths() -> Outcome {
    let stub = Stub::start().await?;
    let models: Value =
        client().get(format!("{}/models", stub.base_url())).send().await?.json().await?;
    assert_eq!(models["data"][0]["object"], "model");
    let other = client().get(format!("{}/other", stub.base_url())).send().await?;
    assert_eq!(other.status(), 404);
    Ok(())
}
