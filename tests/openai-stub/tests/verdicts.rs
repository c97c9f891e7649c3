//! Requests for an answer in a given format, which are kept apart from those for a reply.

use std::error::Error;

use openai_stub::{Behaviour, DEFAULT_REPLY, DEFAULT_VERDICT, Stub};
use reqwest::Client;
use serde_json::{Value, json};

async fn ask(stub: &Stub, format: &Value) -> Result<Value, Box<dyn Error>> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let body = json!({
        "model": "a-model",
        "messages": [{ "role": "user", "content": "Hello?" }],
        "response_format": format,
    });
    let asked = Client::new().post(format!("{}/chat/completions", stub.base_url())).json(&body);
    let answer: Value = asked.send().await?.json().await?;
    Ok(answer.pointer("/choices/0/message/content").cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_verdict_takes_nothing_from_the_queue_and_counts_nowhere_else()
-> Result<(), Box<dyn Error>> {
    let stub = Stub::start().await?;
    stub.next([Behaviour::reply("for a reply")]);
    let format = json!({ "type": "json_object" });
    assert_eq!(ask(&stub, &format).await?, DEFAULT_VERDICT);
    stub.judges(Behaviour::reply("grave"));
    assert_eq!(ask(&stub, &format).await?, "grave");
    assert_eq!((stub.judged().len(), stub.heard().len()), (2, 0));
    assert_eq!(ask(&stub, &Value::Null).await?, "for a reply");
    assert_eq!(ask(&stub, &Value::Null).await?, DEFAULT_REPLY);
    assert_eq!((stub.judged().len(), stub.heard().len()), (2, 2));
    Ok(())
}
