//! Somebody may be in danger: help beside a reply, and before it.

use proto::chat::v1::safety::{Category, Display, Tier};
use proto::chat::v1::{
    CrisisDirectory, CrisisLine, CrisisResources, GetTurnResponse, Message, Safety,
    SendMessageResponse, Turn,
};
use serde_json::{Value, json};

use super::services::{Events, turn};
use super::telling::{Live, accepted, blocks, delta, done, done_as, noticed, stays, tells};
use super::world::{World, answer};

/// What a service noticed, with everything that there can be.
pub(crate) fn danger() -> Safety {
    let text_line = CrisisLine {
        name: "Shout".to_owned(),
        kind: "general_crisis".to_owned(),
        sms: "85258".to_owned(),
        sms_keyword: "SHOUT".to_owned(),
        chat_url: "https://chat.example".to_owned(),
        url: "https://line.example".to_owned(),
        hours: "24/7".to_owned(),
        languages: vec!["en".to_owned()],
        sources: vec!["A list".to_owned()],
        verified_at: "2026-10-31".to_owned(),
        ..CrisisLine::default()
    };
    let call_line = CrisisLine {
        name: "Samaritans".to_owned(),
        kind: "suicide_crisis".to_owned(),
        phone: "116 123".to_owned(),
        ..CrisisLine::default()
    };
    let directory = CrisisDirectory { name: "All".to_owned(), url: "https://all.example".into() };
    Safety {
        tier: Tier::High.into(),
        categories: vec![Category::SelfHarm.into(), Category::Overdose.into()],
        display: Display::Card.into(),
        message: "You matter.".to_owned(),
        language: "en".to_owned(),
        resources: Some(CrisisResources {
            region: "GB".to_owned(),
            name: "United Kingdom".to_owned(),
            emergency: vec!["999".to_owned(), "112".to_owned()],
            lines: vec![call_line, text_line],
            directories: vec![directory],
        }),
    }
}

/// The same in JSON.
pub(crate) fn in_json() -> Value {
    json!({
        "tier": "high", "categories": ["self_harm", "overdose"], "display": "card",
        "message": "You matter.", "language": "en",
        "resources": {
            "region": "GB", "name": "United Kingdom", "emergency": ["999", "112"],
            "lines": [
                {
                    "name": "Samaritans", "kind": "suicide_crisis", "phone": "116 123", "sms": null,
                    "chat_url": null, "url": null, "hours": null, "languages": [], "sources": [],
                    "verified_at": null,
                },
                {
                    "name": "Shout", "kind": "general_crisis", "phone": null,
                    "sms": {"to": "85258", "keyword": "SHOUT"},
                    "chat_url": "https://chat.example", "url": "https://line.example",
                    "hours": "24/7", "languages": ["en"], "sources": ["A list"],
                    "verified_at": "2026-10-31",
                },
            ],
            "directories": [{"name": "All", "url": "https://all.example"}],
        },
    })
}

/// Less grave than `danger`.
fn hint() -> Safety {
    Safety { tier: Tier::Elevated.into(), ..danger() }
}

/// Has every way to a reply that is told tell this.
pub(crate) fn tell(world: &World, told: impl Fn() -> Events + Clone + Send + Sync + 'static) {
    let (edit, retry, stream) = (told.clone(), told.clone(), told.clone());
    world.chat.regenerate.answers(move |_| Ok(told()));
    world.chat.edit.answers(move |_| Ok(edit()));
    world.chat.retry.answers(move |_| Ok(retry()));
    world.chat.stream.answers(move |_| Ok(stream()));
}

/// What a stream tells until it ends.
type Told = fn() -> Events;

/// Ways to a whole reply that is told to the gateway.
pub(crate) const WAYS: [&str; 3] =
    ["/api/turns/5/regenerate/", "/api/messages/8/edit/", "/api/turns/5/retry/"];

#[tokio::test]
async fn help_is_told_first_and_again_if_more_is_noticed() {
    let world = World::start().await;
    tell(&world, || {
        let later = noticed(hint());
        tells(vec![noticed(danger()), accepted(), delta(2, "he"), later, done()])
    });
    for path in WAYS.into_iter().chain(["/api/send-message/"]) {
        let request = world.request_as_user("POST", path).header("accept", "text/event-stream");
        let answer = answer(request.json(&json!({"text": "hi"}))).await;
        let heard = blocks(&answer.text);
        let names: Vec<_> = heard.iter().map(|block| block.name.as_str()).collect();
        assert_eq!(names, ["safety", "accepted", "delta", "safety", "done"], "{path}");
        assert_eq!((heard[0].id.as_str(), &heard[0].data), ("0.0", &in_json()), "{path}");
        assert_eq!((heard[3].id.as_str(), &heard[3].data["tier"]), ("1.2", &json!("elevated")));
    }
}

#[tokio::test]
async fn help_waits_for_nothing() {
    let world = World::start().await;
    world.chat.stream.answers(|_| Ok(stays(vec![noticed(danger())])));
    let request = world.request_as_user("POST", "/api/send-message/");
    let request = request.header("accept", "text/event-stream").json(&json!({"text": "hi"}));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    // What is known only when the turn is taken on cannot be told.
    assert!(!response.headers().contains_key("ratelimit"));
    let mut live = Live::new(response);
    assert!(live.until("\n\n", 2).await.contains("event: safety\nid: 0.0\ndata: {"));
}

#[tokio::test]
async fn who_comes_back_is_told_first_too() {
    let world = World::start().await;
    world.chat.watch.answers(|_| Ok(tells(vec![noticed(danger()), delta(5, "lo"), done()])));
    let watch = world.request_as_user("GET", "/api/turns/5/events/");
    let answer = answer(watch.header("last-event-id", "1.3")).await;
    let first = blocks(&answer.text).remove(0);
    // With this id nothing comes twice, should the connection be lost right now.
    assert_eq!((first.name.as_str(), first.id.as_str(), first.data), ("safety", "1.3", in_json()));
}

/// How what was noticed in a turn is shown.
async fn show(world: &World, safety: Safety) -> Value {
    let turn = Turn { safety: Some(safety), ..turn() };
    world.chat.turn.answers(move |_| Ok(GetTurnResponse { turn: Some(turn.clone()) }));
    world.get("/api/turns/5/").await.json()["safety"].clone()
}

#[tokio::test]
async fn everything_that_is_noticed_has_a_name() {
    let world = World::start().await;
    let show = async |safety: Safety| show(&world, safety).await;
    for (tier, name) in [
        (Tier::Imminent, json!("imminent")),
        (Tier::High, json!("high")),
        (Tier::Elevated, json!("elevated")),
        (Tier::Third, json!("third")),
    ] {
        assert_eq!(show(Safety { tier: tier.into(), ..danger() }).await["tier"], name);
    }
    for (display, name) in [
        (Display::Card, "card"),
        (Display::Line, "line"),
        (Display::Pointer, "pointer"),
        (Display::Unspecified, "card"),
    ] {
        assert_eq!(show(Safety { display: display.into(), ..danger() }).await["display"], name);
    }
    let categories = (0..7).collect();
    let names =
        ["self_harm", "harm_to_others", "abuse", "eating_disorder", "psychosis", "overdose"];
    assert_eq!(show(Safety { categories, ..danger() }).await["categories"], json!(names));
    assert_eq!(show(danger()).await, in_json());
    // Nothing was noticed, whatever else is said.
    assert_eq!(show(Safety { tier: 0, ..danger() }).await, Value::Null);
}

#[tokio::test]
async fn what_only_a_later_version_knows_is_not_overlooked() {
    let world = World::start().await;
    for tier in [5, 99, -1] {
        let later = Safety { tier, categories: vec![99, Category::Abuse.into()], ..danger() };
        let shown = show(&world, later).await;
        assert_eq!((&shown["tier"], &shown["categories"]), (&json!("high"), &json!(["abuse"])));
    }
}

#[tokio::test]
async fn help_without_lines_is_what_fits_everywhere() {
    let world = World::start().await;
    let safety = show(&world, Safety { tier: Tier::Third.into(), ..Safety::default() }).await;
    assert_eq!((&safety["message"], &safety["language"]), (&Value::Null, &Value::Null));
    assert_eq!(safety["resources"]["region"], Value::Null);
    assert!(!safety["resources"]["directories"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_whole_reply_has_help_beside_it_only_for_somebody_in_danger() {
    let world = World::start().await;
    let keys =
        r#"{"message":"Message successfully processed.","session_id":1,"ai_response":"hello""#;
    for (safety, help) in [
        (None, String::new()),
        (Some(Safety::default()), String::new()),
        (Some(hint()), r#","safety":{"tier":"elevated","#.to_owned()),
    ] {
        world.chat.send.answers(move |_| {
            let ai_message = Some(Message { text: "hello".to_owned(), ..Message::default() });
            let turn = Some(Turn { safety: safety.clone(), ..turn() });
            Ok(SendMessageResponse { session_id: 1, turn, ai_message, ..Default::default() })
        });
        let send = world.request_as_user("POST", "/api/send-message/").json(&json!({"text": "hi"}));
        let answer = answer(send).await;
        let whole = answer.text.starts_with(&format!("{keys}{help}"));
        assert!(
            whole && (!help.is_empty() || answer.text == format!("{keys}}}")),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_reply_that_is_collected_has_what_was_noticed_last() {
    let world = World::start().await;
    let ended = || Turn { safety: Some(danger()), ai_message_id: Some(9), ..turn() };
    let cases: [(Told, Value); 4] = [
        (|| tells(vec![accepted(), delta(2, "he"), done()]), Value::Null),
        (|| tells(vec![noticed(danger()), accepted(), delta(2, "he"), done()]), json!("high")),
        (
            || tells(vec![noticed(danger()), accepted(), noticed(hint()), delta(2, "he"), done()]),
            json!("elevated"),
        ),
        (
            || tells(vec![accepted(), noticed(Safety::default()), delta(2, "he"), done()]),
            Value::Null,
        ),
    ];
    for (told, tier) in cases {
        tell(&world, told);
        for path in WAYS {
            let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
            let body = answer(request).await.json();
            assert_eq!((&body["ai_response"], &body["safety"]["tier"]), (&json!("he"), &tier));
            assert_eq!(body.as_object().unwrap().len(), 3 + usize::from(!tier.is_null()));
        }
    }
    tell(&world, move || tells(vec![accepted(), delta(2, "he"), done_as(ended())]));
    for path in WAYS {
        let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
        assert_eq!(answer(request).await.json()["safety"], in_json(), "{path}");
    }
}
