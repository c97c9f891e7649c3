//! A conversation of years.

use std::path::Path;
use std::time::{Duration, SystemTime};

use e2e::{Process, Product, free_address};
use openai_stub::Stub;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

/// Adds so many turns to a session of the first person, each of two messages of a kilobyte.
async fn add_turns(data: &Path, session: i64, turns: i64) {
    let database = scratch::connect(data, "chat").await;
    let last = "SELECT COALESCE(MAX(id), 0) FROM turns";
    let statements = format!(
        "CREATE TEMP TABLE made AS WITH RECURSIVE number(n) AS
             (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {turns})
             SELECT n + ({last}) AS id FROM number;
         INSERT INTO turns (id, user_id, session_id, parent_id, state, finish, lease_until,
                            created_at, ended_at)
             SELECT id, 1, {session}, id - 1, 'completed', 'stop', '2026-01-01T00:00:00+00:00',
                    '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00' FROM made;
         INSERT INTO messages (id, user_id, session_id, turn_id, sender, text, created_at)
             SELECT 2 * id - 1, 1, {session}, id, 'user', substr(CAST(1000000 + id AS text), 2) || ' ' || {words},
                    '2026-01-01T00:00:00+00:00' FROM made;
         INSERT INTO messages (id, user_id, session_id, turn_id, sender, text, created_at)
             SELECT 2 * id, 1, {session}, id, 'ai', substr(CAST(1000000 + id AS text), 2) || ' ' || {words},
                    '2026-01-01T00:00:00+00:00' FROM made;",
        words = format!("'{}'", "0".repeat(1000)),
    );
    database.execute_unprepared(&statements).await.unwrap();
    scratch::go_on_numbering(&database, "turns").await;
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_messages_are_read_in_little_memory_and_asked_about_like_two_hundred() {
    let (stub, data, address) =
        (Stub::start().await.unwrap(), TempDir::new().unwrap(), free_address());
    let (folder, model) = (data.path().to_str().unwrap().to_owned(), stub.base_url());
    let settings = [
        ("AI_BUDDY_DATA", folder.as_str()),
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("OPENAI_BASE_URL", model.as_str()),
    ];
    let mut process = Process::start("ai-buddy", &settings);
    let product = Product::at(&address);
    product.ready().await;
    let ada = product.register("ada").await;
    let (short, _) = ada.say("the beginning").await;
    let long = ada.post("/api/sessions/", &serde_json::json!({})).await.json();
    let long = long["id"].as_i64().unwrap();
    process.signal("TERM").await;
    process.ended().await;
    add_turns(data.path(), short, 100).await;
    add_turns(data.path(), long, 10_000).await;

    let process = Process::start("ai-buddy", &settings);
    product.ready().await;
    assert_eq!(ada.messages(short).await.len(), 202);
    let before = process.peak_memory();
    let path = format!("/api/get-messages/?session_id={long}");
    let mut answer = ada.request("GET", &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
    }
    let after = process.peak_memory();
    let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(read["messages"].as_array().unwrap().len(), 20_000);
    let (body, grown) = (body.len() / 1024 / 1024, (after - before) / 1024 / 1024);
    println!(
        "20,000 messages, {body} MiB of JSON: peak RSS {} MiB, {grown} MiB more than before",
        after / 1024 / 1024
    );
    assert!(grown < 16, "{grown} MiB");

    let size = async |session: i64| {
        let body = serde_json::json!({"text": "and now?", "session_id": session});
        assert_eq!(ada.post("/api/send-message/", &body).await.status, 201);
        let heard = stub.heard().pop().unwrap();
        heard.messages.iter().map(|(_, text)| text.len()).sum::<usize>()
    };
    let (short, long) = (size(short).await, size(long).await);
    println!("asked with {short} bytes at 200 messages, with {long} bytes at 20,000");
    assert!(long <= short && long > 10_000);
}

/// When something was last put into a folder or taken from it.
fn last_touched(folder: &TempDir) -> SystemTime {
    std::fs::metadata(folder.path()).unwrap().modified().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_put_down_elsewhere_for_a_moment_however_much_is_deleted() {
    if scratch::has_no_files() {
        return;
    }
    let (stub, data, address) =
        (Stub::start().await.unwrap(), TempDir::new().unwrap(), free_address());
    let (folder, model) = (data.path().to_str().unwrap().to_owned(), stub.base_url());
    let elsewhere = TempDir::new().unwrap();
    let settings = [
        ("AI_BUDDY_DATA", folder.as_str()),
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("OPENAI_BASE_URL", model.as_str()),
        // Where SQLite puts what it needs for a moment, before any other place.
        ("SQLITE_TMPDIR", elsewhere.path().to_str().unwrap()),
    ];
    let mut process = Process::start("ai-buddy", &settings);
    let product = Product::at(&address);
    product.ready().await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("the beginning").await;
    process.signal("TERM").await;
    process.ended().await;
    add_turns(data.path(), session, 2_000).await;

    let _process = Process::start("ai-buddy", &settings);
    product.ready().await;
    let before = last_touched(&elsewhere);
    assert_eq!(ada.delete(&format!("/api/sessions/{session}/")).await.status, 204);
    let database = scratch::connect(data.path(), "chat").await;
    let gone = async {
        while scratch::number(&database, "SELECT COUNT(*) FROM messages").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.unwrap();
    assert_eq!(last_touched(&elsewhere), before, "a file was there and is gone again");
}
