//! Everything that is kept of somebody, as a file, and what they have used.

use futures_util::stream::{self, StreamExt as _};
use proto::chat::v1::export_item::Item;
use proto::chat::v1::{
    DayUsage, ExportItem, GetUsageResponse, Message, Preferences, RateLimit, Session, Usage,
};
use serde_json::{Value, json};
use tonic::Status;

use super::services::{Items, turn};
use super::world::{World, answer};

fn usage() -> DayUsage {
    let usage = Usage { prompt_tokens: 30, reply_tokens: 2, is_estimated: true };
    DayUsage { day: "2025-01-01".to_owned(), turns: 1, usage: Some(usage) }
}

fn items() -> Vec<Item> {
    vec![
        Item::Preferences(Preferences { region: "GB".to_owned() }),
        Item::Session(Session { id: 3, title: "A walk".to_owned(), ..Session::default() }),
        Item::Turn(Box::new(turn())),
        Item::Message(Message { id: 8, text: "hi\n".to_owned(), ..Message::default() }),
        Item::Usage(usage()),
    ]
}

fn tells(items: Vec<Item>) -> Items {
    stream::iter(items.into_iter().map(|item| Ok(ExportItem { item: Some(item) }))).boxed()
}

const PATH: &str = "/api/account/export/";

fn lines(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn everything_is_a_line_and_the_last_line_counts_them() {
    let world = World::start().await;
    world.chat.export.answers(|_| Ok(tells(items())));
    for accept in ["*/*", "application/x-ndjson"] {
        let answer = answer(world.request_as_user("GET", PATH).header("accept", accept)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
        let file = "attachment; filename=\"ai-buddy-export.ndjson\"";
        assert_eq!(answer.header("content-disposition"), file);
        let lines = lines(&answer.text);
        let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["export", "preferences", "session", "turn", "message", "usage", "end"]);
        assert_eq!(lines[0]["format"], 1);
        assert!(lines[0]["created_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(lines[1], json!({"type": "preferences", "region": "GB"}));
        assert_eq!(lines[2]["title"], "A walk");
        assert_eq!(lines[3]["user_message"], 8);
        assert_eq!(lines[4]["text"], "hi\n");
        let day = json!({
            "type": "usage", "day": "2025-01-01", "turns": 1, "prompt_tokens": 30,
            "reply_tokens": 2, "estimated": true,
        });
        assert_eq!(lines[5], day);
        assert_eq!(lines[6], json!({"type": "end", "items": 5}));
    }
    assert_eq!(world.chat.export.last().metadata("grpc-timeout"), "");
}

#[tokio::test]
async fn nothing_is_kept_of_somebody_who_said_nothing() {
    let world = World::start().await;
    let lines = lines(&world.get(PATH).await.text);
    assert_eq!((lines.len(), &lines[1]), (2, &json!({"type": "end", "items": 0})));
}

#[tokio::test]
async fn an_error_before_the_first_piece_is_like_any_other() {
    let world = World::start().await;
    world.chat.export.answers(|_| Err(Status::unavailable("")));
    assert_eq!(world.get(PATH).await.says(), (503, "unavailable".to_owned()));
    world.chat.export.answers(|_| Ok(stream::iter([Err(Status::unavailable(""))]).boxed()));
    assert_eq!(world.get(PATH).await.says(), (503, "unavailable".to_owned()));
}

#[tokio::test]
async fn an_export_that_breaks_off_is_never_taken_for_the_whole() {
    let world = World::start().await;
    let endings: [Result<ExportItem, Status>; 2] =
        [Err(Status::unavailable("")), Ok(ExportItem { item: None })];
    for ending in endings {
        world
            .chat
            .export
            .answers(move |_| Ok(tells(items()).chain(stream::iter([ending.clone()])).boxed()));
        // Broken off early, perhaps, with nothing on its way yet.
        let whole = match world.request_as_user("GET", PATH).send().await {
            Ok(response) => response.text().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole);
    }
}

#[tokio::test]
async fn what_was_used_is_told_day_by_day() {
    let world = World::start().await;
    world.chat.usage.answers(|_| {
        let reset = Some(prost_types::Duration { seconds: 3_599, nanos: 1 });
        let daily = RateLimit { policy: "daily".to_owned(), quota: 100, remaining: 42, reset };
        let turns = RateLimit { policy: "turns".into(), quota: 2, remaining: 1, reset: None };
        Ok(GetUsageResponse { days: vec![usage()], limits: vec![daily, turns] })
    });
    let answer = world.get("/api/account/usage/?days=7").await;
    let day = json!({
        "day": "2025-01-01", "turns": 1, "prompt_tokens": 30, "reply_tokens": 2, "estimated": true,
    });
    let limits = json!([
        {"policy": "daily", "quota": 100, "remaining": 42, "reset": 3600},
        {"policy": "turns", "quota": 2, "remaining": 1, "reset": null},
    ]);
    assert_eq!((answer.status, answer.json()), (200, json!({"days": [day], "limits": limits})));
    assert_eq!(world.chat.usage.last().message.days, 7);
    for wrong in ["0", "367", "-1", "week"] {
        let answer = world.get(&format!("/api/account/usage/?days={wrong}")).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{wrong}");
    }
}
