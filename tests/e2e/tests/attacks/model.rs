//! A model, or whoever answers in its place, that would do harm.

use std::time::{Duration, Instant};

use openai_stub::{Behaviour, Stub};
use serde_json::json;

use super::{MEMORY, MODEL_KEY, Scene};

/// How long it is waited for, in seconds: for the first word, between two, and in all.
const PATIENCE: [(&str, &str); 3] = [
    ("OPENAI_FIRST_TOKEN_SECONDS", "1"),
    ("OPENAI_SILENCE_SECONDS", "1"),
    ("OPENAI_TOTAL_SECONDS", "2"),
];

/// Longer than that, as much as a busy machine needs.
const LONGEST: Duration = Duration::from_secs(8);

/// What no reply, no refusal and no line of the log may repeat.
const CANARY: &str = "canary-of-a-reply";

/// G06: a model, or whoever sits in between, that would like to have the key, or to see it told.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_the_model_goes_to_the_model_and_nowhere_else() {
    let (stub, thief) = (Stub::start().await.unwrap(), Stub::start().await.unwrap());
    let scene = Scene::with_model(&stub, &[]).await;
    let location = format!("{}/chat/completions", thief.base_url());
    let echo = format!("Incorrect API key provided: {MODEL_KEY}");
    let error = json!({"error": {"message": echo, "type": echo, "param": echo, "code": echo}});
    let refused = |body: String| Behaviour::StatusWithText { code: 401, body };
    for behaviour in [
        Behaviour::Redirect { location },
        refused(echo.clone()),
        refused(error.to_string()),
        refused(json!({"error": {"code": MODEL_KEY}}).to_string()),
        Behaviour::ErrorChunk { text: echo, tokens: 0 },
    ] {
        stub.always(behaviour.clone());
        let answer = scene.ada.try_to_say("hello").await;
        assert!(answer.status >= 500, "{behaviour:?}: {}", answer.text);
        assert!(!answer.text.contains("sk-canary"), "{behaviour:?}: {}", answer.text);
    }
    let asked = stub.heard();
    let bearer = format!("Bearer {MODEL_KEY}");
    assert!(asked.iter().all(|heard| heard.authorization.as_deref() == Some(&bearer)));
    assert!(asked.len() >= 5 && thief.heard().is_empty());
    scene.ends_unharmed().await;
}

/// G06: answers without end, in words and in one line, and answers that are larger than any reply.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_off_and_costs_no_memory() {
    let stub = Stub::start().await.unwrap();
    let mut scene = Scene::with_model(&stub, &PATIENCE).await;
    scene.canaries.add(CANARY);
    let huge = |code| Behaviour::StatusWithText { code, body: CANARY.repeat(100 << 20 >> 4) };
    for (what, behaviour) in [
        ("words", Behaviour::NeverEnding),
        ("a line of 100 MB", huge(200)),
        ("a refusal of 100 MB", huge(401)),
    ] {
        stub.always(behaviour.clone());
        stub.judges(behaviour);
        let started = Instant::now();
        let answer = scene.ada.try_to_say("hello").await;
        let took = started.elapsed();
        let grown = scene.process.peak_memory().saturating_sub(scene.memory);
        println!("{what}: {} after {took:?}, {} KiB more at most", answer.status, grown / 1024);
        // Whether it is too much before it takes too long is up to the machine.
        assert!([503, 504].contains(&answer.status), "{what}: {}", answer.text);
        assert!(took < LONGEST && grown < MEMORY, "{what}: {took:?}, {grown} bytes");
        assert!(!answer.text.contains(CANARY), "{what}: {}", answer.text);
        stub.always(Behaviour::default());
        scene.ada.say("and now?").await;
    }
    let said = scene.ada.messages(scene.session).await;
    assert!(said.iter().all(|(_, text)| text.len() < 100), "nothing of it was stored");
    scene.ends_unharmed().await;
}

/// G06: answers that do not come, that come a byte at a time, and that are none.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_hangs_drips_or_talks_nonsense_is_not_waited_for_without_end() {
    let stub = Stub::start().await.unwrap();
    let mut scene = Scene::with_model(&stub, &PATIENCE).await;
    scene.canaries.add(CANARY);
    let every = Duration::from_millis(100);
    let (text, tokens) = (format!("{CANARY} {CANARY} {CANARY}"), 1);
    for (behaviour, says) in [
        (Behaviour::Silence, (504, "model_timeout")),
        (Behaviour::SilenceAfterHeaders, (504, "model_timeout")),
        (Behaviour::KeepAlivesOnly { every }, (504, "model_timeout")),
        (Behaviour::Trickle { every }, (504, "model_timeout")),
        (Behaviour::TokenDelay { text: text.repeat(40), every }, (504, "model_timeout")),
        (Behaviour::StallAfter { text: text.clone(), tokens }, (504, "model_timeout")),
        (Behaviour::Garbage, (503, "model_unavailable")),
        (Behaviour::MalformedChunk { text: text.clone(), tokens }, (503, "model_unavailable")),
        (Behaviour::DropAfter { text, tokens }, (503, "model_unavailable")),
    ] {
        stub.always(behaviour.clone());
        let started = Instant::now();
        let answer = scene.ada.try_to_say("hello").await;
        let took = started.elapsed();
        println!("{}: {} after {took:?}", named(&behaviour), answer.status);
        assert_eq!(answer.says(), (says.0, says.1.to_owned()), "{behaviour:?}");
        assert!(took < LONGEST, "{behaviour:?}: {took:?}");
        assert!(!answer.text.contains(CANARY), "{behaviour:?}: {}", answer.text);
        stub.always(Behaviour::default());
        scene.ada.say("and now?").await;
    }
    let said = scene.ada.messages(scene.session).await;
    assert!(!said.iter().any(|(_, text)| text.contains(CANARY)), "{said:?}");
    assert_eq!(said.iter().filter(|(_, text)| text == "hello").count(), 9, "each is kept");
    scene.ends_unharmed().await;
}

/// The first word of how something is written in the code.
fn named(behaviour: &Behaviour) -> String {
    format!("{behaviour:?}").split_whitespace().next().unwrap_or_default().to_owned()
}
