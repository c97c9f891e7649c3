//! What people find, rate, count and take with them of what is kept about them.

use std::collections::BTreeSet;

use e2e::{Product, User};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

/// The lines of an export, which is whole.
async fn export(ada: &User) -> Vec<Value> {
    let answer = ada.get("/api/account/export/").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
    let lines: Vec<Value> =
        answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
    assert_eq!((&first["type"], &first["format"]), (&json!("export"), &json!(1)));
    assert_eq!((&last["type"], &last["items"]), (&json!("end"), &json!(lines.len() - 2)));
    lines
}

fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_what_was_there_and_nothing_of_what_was_deleted() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Echo);
    let product = Product::with_model(&stub).await;
    let (ada, bob) = (product.register("ada").await, product.register("bob").await);
    bob.say("a secret of bob's").await;
    let (kept, _) = ada.say("the session that stays").await;
    ada.post("/api/sessions/", &json!({"title": "the session that goes"})).await;
    let mut gone = 0;
    for number in 0..30 {
        gone = ada.say(&format!("going {number}")).await.0;
    }
    let last =
        ada.see(&format!("/api/sessions/{gone}/messages/?limit=2")).await["messages"][1].clone();
    let again = format!("/api/turns/{}/regenerate/", last["turn"]);
    assert_eq!(ada.post(&again, &json!({})).await.status, 201);
    let rating = json!({"rating": "down", "comment": "it goes too"});
    ada.post(&format!("/api/messages/{}/feedback/", last["id"]), &rating).await;

    let lines = export(&ada).await;
    let texts: BTreeSet<_> =
        of_type(&lines, "message").iter().map(|line| line["text"].to_string()).collect();
    for session in [kept, gone] {
        for (_, text) in ada.messages(session).await {
            assert!(texts.contains(&json!(text).to_string()), "{text}");
        }
        let all = format!("/api/sessions/{session}/messages/?branches=all&limit=500");
        for message in ada.see(&all).await["messages"].as_array().unwrap() {
            let mut line = message.clone();
            line["type"] = json!("message");
            assert!(lines.contains(&line), "{line}");
        }
    }
    assert_eq!(of_type(&lines, "session").len(), 2);
    assert_eq!(of_type(&lines, "turn").len(), 32);
    assert_eq!(of_type(&lines, "message").len(), 63, "one message was answered twice");
    assert!(lines.iter().all(|line| !line.to_string().contains("bob")));

    assert_eq!(ada.delete(&format!("/api/sessions/{gone}/")).await.status, 204);
    let left = export(&ada).await;
    assert!(left.iter().all(|line| !line.to_string().contains("go")), "{left:?}");
    assert_eq!((of_type(&left, "session").len(), of_type(&left, "message").len()), (1, 2));
    assert_eq!(of_type(&left, "usage"), of_type(&lines, "usage"), "deleting gives nothing back");
    assert_eq!(product.get("/api/account/export/").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_country_that_somebody_set_is_in_their_export_until_they_take_it_back() {
    let product = Product::start().await;
    let (ada, bob) = (product.register("ada").await, product.register("bob").await);
    ada.say("hello").await;
    bob.patch("/api/account/preferences/", &json!({"region": "FR"})).await;
    for (region, expected) in [(json!("gb"), vec!["GB"]), (json!(null), vec![])] {
        ada.patch("/api/account/preferences/", &json!({"region": region})).await;
        let lines = export(&ada).await;
        let set = of_type(&lines, "preferences");
        let regions: Vec<_> = set.iter().map(|line| line["region"].as_str().unwrap()).collect();
        assert_eq!(regions, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_by_their_owner_until_they_are_deleted() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let (ada, bob) = (product.register("ada").await, product.register("bob").await);
    stub.always(Behaviour::reply("Breathe slowly before the exam."));
    let (session, _) = ada.say("My Exam is on Monday").await;
    ada.post("/api/sessions/", &json!({})).await;
    let (other, _) = ada.say("exams are over, \"NOT\" a day too soon").await;
    bob.say("bob has an exam too").await;
    let found = async |who: &User, query: &str| {
        let body = who.see(&format!("/api/search/?{query}")).await;
        let results = body["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|hit| hit["message"]["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&ada, "q=monday").await, ["My Exam is on Monday"]);
    assert_eq!(found(&ada, "q=exam").await.len(), 4, "the last word may be the beginning of one");
    assert_eq!(found(&ada, &format!("q=exam&session_id={session}")).await.len(), 2);
    assert_eq!(found(&ada, "q=exam+slow").await.len(), 2);
    assert_eq!(found(&ada, "q=bob").await.len(), 0);
    assert_eq!(found(&bob, "q=monday").await.len(), 0);
    assert_eq!(found(&ada, "q=%22NOT%22+a").await.len(), 1, "no word is an operator");

    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let page = ada.see(&format!("/api/search/?q=exam&limit=1&page_token={token}")).await;
        pages.push(page["results"][0]["message"]["id"].as_i64().unwrap());
        assert!(page["results"][0]["snippet"].as_str().unwrap().to_lowercase().contains("exam"));
        match page["next_page_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(pages.len(), 4);
    assert!(pages.is_sorted_by(|newer, older| newer > older), "{pages:?}");
    assert_eq!(ada.get("/api/search/?q=").await.says(), (400, "invalid".to_owned()));
    ada.delete(&format!("/api/sessions/{other}/")).await;
    assert_eq!(found(&ada, "q=exam").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_are_rated_and_ratings_taken_back() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("hello").await;
    let list = format!("/api/sessions/{session}/messages/");
    let said = ada.see(&list).await["messages"].clone();
    let rate = |message: &Value| format!("/api/messages/{}/feedback/", message["id"]);
    let up = json!({"rating": "up", "comment": "that helped"});
    let rated = ada.post(&rate(&said[1]), &up).await;
    assert_eq!((rated.status, &rated.json()["feedback"]), (200, &up));
    let down = json!({"rating": "down", "comment": ""});
    ada.post(&rate(&said[1]), &json!({"rating": "down"})).await;
    assert_eq!(ada.see(&list).await["messages"][1]["feedback"], down, "the last counts");
    let wrong = ada.post(&rate(&said[1]), &json!({"rating": "sideways"})).await;
    assert_eq!(wrong.says(), (400, "invalid".to_owned()));
    let own = ada.post(&rate(&said[0]), &up).await;
    assert_eq!(own.says(), (404, "message_not_found".to_owned()), "one's own words are not rated");
    let bob = product.register("bob").await;
    assert_eq!(bob.post(&rate(&said[1]), &up).await.status, 404);
    assert_eq!(bob.delete(&rate(&said[1])).await.status, 404);
    assert_eq!(ada.delete(&rate(&said[1])).await.status, 204);
    assert!(ada.see(&list).await["messages"][1]["feedback"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_is_what_the_model_is_sent_and_usage_what_it_cost() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("hello").await;
    let path = format!("/api/sessions/{session}/context/?text=and+now%3F");
    let context = ada.see(&path).await;
    let answer = ada.try_to_say("and now?").await;
    let heard = stub.heard();
    let sent: Vec<_> = heard[1]
        .messages
        .iter()
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect();
    assert_eq!(context["messages"], json!(sent));
    assert_eq!(context["is_cut"], false);
    assert!(context["prompt_tokens"].as_i64() > Some(0));

    let turn = ada.see(&format!("/api/turns/{}/", answer.turn())).await;
    let first = ada.see(&format!("/api/turns/{}/", answer.turn() - 1)).await;
    let usage = ada.see("/api/account/usage/?days=2").await;
    let days = usage["days"].as_array().unwrap();
    // A test that runs over midnight has used something on each of two days.
    let sum = |key: &str| days.iter().map(|day| day[key].as_i64().unwrap()).sum::<i64>();
    let cost = |key: &str| {
        [&first, &turn].map(|turn| turn["usage"][key].as_i64().unwrap()).iter().sum::<i64>()
    };
    assert_eq!(sum("turns"), 2);
    for tokens in ["prompt_tokens", "reply_tokens"] {
        assert_eq!(sum(tokens), cost(tokens), "{tokens}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_again_until_something_has_changed() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let answer = ada.try_to_say("hello").await;
    let session = answer.json()["session_id"].as_i64().unwrap();
    let lists = [
        format!("/api/get-messages/?session_id={session}"),
        format!("/api/sessions/{session}/messages/?after=0"),
        format!("/api/sessions/{session}/messages/?branches=all&limit=3"),
    ];
    let said = ada.see(&lists[1]).await["messages"].clone();
    let feedback = format!("/api/messages/{}/feedback/", said[1]["id"]);
    let edit = format!("/api/messages/{}/edit/", said[0]["id"]);
    let again = format!("/api/turns/{}/regenerate/", answer.turn());
    let select = format!("/api/turns/{}/select/", answer.turn());
    for (path, body) in [
        ("/api/send-message/", json!({"text": "more"})),
        (feedback.as_str(), json!({"rating": "up"})),
        (&edit, json!({"text": "good morning"})),
        (&select, json!({})),
        (&again, json!({})),
    ] {
        let mut tags = Vec::new();
        for list in &lists {
            let whole = ada.get(list).await;
            let tag = whole.header("etag").to_owned();
            let same = ada.get_unless(&tag, list).await;
            assert_eq!((same.status, same.text.as_str()), (304, ""), "{list}");
            assert_eq!(same.header("etag"), tag);
            tags.push(tag);
        }
        let changed = ada.post(path, &body).await;
        assert!(changed.status < 300, "{path}: {}", changed.text);
        for (list, tag) in lists.iter().zip(&tags) {
            let whole = ada.get_unless(tag, list).await;
            assert_eq!(whole.status, 200, "{path} changes {list}");
            assert_ne!(whole.header("etag"), tag);
        }
        let others = ada.get_unless(&tags[0], &lists[1]).await;
        assert_eq!(others.status, 200, "a tag is of one part");
    }
    let bob = product.register("bob").await;
    assert_eq!(bob.get_unless("*", &lists[0]).await.status, 404);
}
