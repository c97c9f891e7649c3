//! What people do with their conversations.

use e2e::{Product, User};
use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

/// The words of a session, without who said them.
async fn words(ada: &User, session: i64) -> Vec<String> {
    ada.messages(session).await.into_iter().map(|(_, words)| words).collect()
}

/// A person with a model that gives these replies, and the turns and the session they were given in.
async fn talked(stub: &Stub, product: &Product, replies: &[&str]) -> (User, Vec<i64>, i64) {
    let ada = product.register("ada").await;
    let (mut turns, mut session) = (Vec::new(), 0);
    for reply in replies {
        stub.next([Behaviour::reply(*reply)]);
        let answer = ada.try_to_say(&format!("give me {reply}")).await;
        turns.push(answer.turn());
        session = answer.json()["session_id"].as_i64().unwrap();
    }
    (ada, turns, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_messages_at_once_are_answered_one_after_the_other() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let (ada, _, session) = talked(&stub, &product, &["tea"]).await;
    stub.always(Behaviour::Echo);
    let send = async |text: &str| {
        ada.post("/api/send-message/", &json!({"text": text, "session_id": session})).await
    };
    let answers = join_all(["one", "two", "three"].map(send)).await;
    let said = ada.messages(session).await.split_off(2);
    let who: Vec<_> = said.iter().map(|(who, _)| who.as_str()).collect();
    assert_eq!(who, ["USER", "AI", "USER", "AI", "USER", "AI"]);
    for (place, pair) in said.chunks(2).enumerate() {
        let echo: Value = serde_json::from_str(&pair[1].1).unwrap();
        assert_eq!(echo["last"], pair[0].1, "each reply is to the message before it");
        assert_eq!(echo["n"], 4 + 2 * place, "and knows of what was said before");
    }
    let mut replies: Vec<_> =
        answers.iter().map(|answer| answer.json()["ai_response"].clone()).collect();
    let mut kept: Vec<_> = said.iter().skip(1).step_by(2).map(|(_, words)| json!(words)).collect();
    replies.sort_by_key(Value::to_string);
    kept.sort_by_key(Value::to_string);
    assert_eq!(replies, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_reply_takes_the_place_of_the_first_and_gives_it_back() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let (ada, turns, session) = talked(&stub, &product, &["tea", "cake"]).await;
    let before = words(&ada, session).await;
    stub.next([Behaviour::reply("coffee")]);
    let again = ada.post(&format!("/api/turns/{}/regenerate/", turns[0]), &json!({})).await;
    assert_eq!((again.status, &again.json()["ai_response"]), (201, &json!("coffee")));
    assert_eq!(words(&ada, session).await, ["give me tea", "coffee"]);
    let heard = stub.heard().pop().unwrap().messages;
    assert_eq!(heard.last().unwrap().1, "give me tea", "it knows nothing of what followed");
    assert_eq!(heard.len(), 2);

    let path = format!("/api/sessions/{session}/messages/");
    assert_eq!(ada.see(&path).await["messages"].as_array().unwrap().len(), 2);
    let all = ada.see(&format!("{path}?branches=all")).await;
    let all = all["messages"].as_array().unwrap();
    let shown = all.iter().filter(|message| message["shown"] == true).count();
    assert_eq!((all.len(), shown), (5, 2));
    let shown = |turn: i64| format!("/api/turns/{turn}/select/");
    let selected = ada.post(&shown(turns[1]), &json!({})).await;
    assert_eq!((selected.status, &selected.json()["id"]), (200, &json!(session)));
    assert_eq!(words(&ada, session).await, before);
    ada.post(&shown(again.turn()), &json!({})).await;
    assert_eq!(words(&ada, session).await, ["give me tea", "coffee"]);
    ada.say("more").await;
    assert_eq!(stub.heard().pop().unwrap().messages[2].1, "coffee", "it goes on from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_begins_a_branch_of_its_own() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let (ada, turns, session) = talked(&stub, &product, &["tea", "cake"]).await;
    let before = words(&ada, session).await;
    let first = ada.see(&format!("/api/turns/{}/", turns[0])).await;
    let path = format!("/api/messages/{}/edit/", first["user_message"]);
    stub.next([Behaviour::reply("juice")]);
    let mut reader = ada.listen(&path, &json!({"text": "give me juice"})).await;
    reader.read_on().await;
    assert_eq!(reader.text, "juice");
    assert_eq!(words(&ada, session).await, ["give me juice", "juice"]);
    let edited = ada.see(&format!("/api/turns/{}/", reader.turn)).await;
    assert_eq!(edited["parent"], first["parent"]);
    ada.post(&format!("/api/turns/{}/select/", turns[0]), &json!({})).await;
    assert_eq!(words(&ada, session).await, before, "what followed is there again");

    let reply = format!("/api/messages/{}/edit/", first["ai_message"]);
    let refused = ada.post(&reply, &json!({"text": "mine"})).await;
    assert_eq!(refused.says(), (404, "message_not_found".to_owned()), "replies are not one's own");
    let blank = ada.post(&path, &json!({"text": " "})).await;
    assert_eq!(blank.says(), (400, "text_required".to_owned()));
    let bob = product.register("bob").await;
    let foreign = bob.post(&path, &json!({"text": "mine"})).await;
    assert_eq!(foreign.says(), (404, "message_not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_stops_the_reply_to_what_was_said_before() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    stub.next([Behaviour::StallAfter { text: "I am going to say".into(), tokens: 2 }]);
    let mut first = ada.stream("give me tee").await;
    first.read_words(2).await;
    let said = first.events[0].data["user_message_id"].clone();
    let edit = format!("/api/messages/{said}/edit/");
    let edited = ada.post(&edit, &json!({"text": "give me tea"})).await;
    assert_eq!(edited.status, 201, "{}", edited.text);
    first.read_on().await;
    assert_eq!(first.done()["finish_reason"], "cancelled");
    stub.hung_up_at_least(1).await;
    let session = edited.json()["session_id"].as_i64().unwrap();
    assert_eq!(words(&ada, session).await, ["give me tea", openai_stub::DEFAULT_REPLY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_renamed_put_away_and_deleted() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let (ada, turns, session) = talked(&stub, &product, &["tea"]).await;
    let path = format!("/api/sessions/{session}/");
    let change = async |body: Value| {
        let answer = ada.patch(&path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let shown = ada.see(&path).await;
        assert_eq!(answer.json(), shown);
        shown
    };
    assert_eq!(ada.see(&path).await["title"], "give me tea");
    let named = change(json!({"title": "tea time"})).await;
    assert_eq!((&named["title"], &named["has_own_title"]), (&json!("tea time"), &json!(true)));
    let unnamed = change(json!({"title": null})).await;
    assert_eq!(
        (&unnamed["title"], &unnamed["has_own_title"]),
        (&json!("give me tea"), &json!(false))
    );
    let listed = async |query: &str| {
        let list = ada.see(&format!("/api/sessions/{query}")).await;
        list["sessions"].as_array().unwrap().len()
    };
    assert!(change(json!({"archived": true})).await["archived_at"].is_string());
    assert_eq!((listed("").await, listed("?archived=true").await), (0, 1));
    assert!(change(json!({"archived": false})).await["archived_at"].is_null());
    assert_eq!((listed("").await, listed("?archived=true").await), (1, 0));
    assert_eq!(ada.patch(&path, &json!({})).await.says(), (400, "invalid".to_owned()));

    stub.next([Behaviour::StallAfter { text: "I am going to say".into(), tokens: 2 }]);
    let mut reader = ada.stream("and now").await;
    reader.read_words(2).await;
    let bob = product.register("bob").await;
    assert_eq!(bob.delete(&path).await.says(), (404, "session_not_found".to_owned()));
    assert_eq!(ada.delete(&path).await.status, 204);
    reader.read_on().await;
    assert_eq!(reader.error(), "turn_not_found", "whoever reads along is told");
    assert!(reader.is_at_the_end());
    stub.hung_up_at_least(1).await;
    for gone in [path.clone(), format!("{path}messages/"), format!("{path}context/?text=hi")] {
        assert_eq!(ada.get(&gone).await.says(), (404, "session_not_found".to_owned()), "{gone}");
    }
    let turn = ada.get(&format!("/api/turns/{}/", turns[0])).await;
    assert_eq!(turn.says(), (404, "turn_not_found".to_owned()));
    assert_eq!(ada.delete(&path).await.status, 404);
    assert!(ada.say("hello").await.0 > session, "its number is not used again");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_come_page_by_page_and_the_last_page_says_so() {
    let product = Product::start().await;
    let ada = product.register("ada").await;
    let mut made = Vec::new();
    for number in 0..6 {
        let session = ada.post("/api/sessions/", &json!({"title": format!("{number}")})).await;
        made.insert(0, session.json()["id"].clone());
    }
    for size in [1, 2, 3, 4, 6, 7] {
        let (mut found, mut pages, mut token) = (Vec::new(), 0, String::new());
        loop {
            let path = format!("/api/sessions/?limit={size}&page_token={token}");
            let page = ada.see(&path).await;
            pages += 1;
            let sessions = page["sessions"].as_array().unwrap();
            found.extend(sessions.iter().map(|session| session["id"].clone()));
            match page["next_page_token"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => break,
            }
        }
        assert_eq!((&found, pages), (&made, 6_usize.div_ceil(size)), "pages of {size}");
    }
}
