//! Messages by their words, and words about messages.

use proto::chat::v1::search_messages_response::Hit;
use proto::chat::v1::{
    Feedback, Message, Rating, SearchMessagesRequest, SearchMessagesResponse, SetFeedbackRequest,
    SetFeedbackResponse,
};
use serde_json::{Value, json};

use super::world::{World, answer};

#[tokio::test]
async fn what_was_said_is_found() {
    let world = World::start().await;
    world.chat.search.answers(|_| {
        let message =
            Message { id: 9, session_id: 3, text: "a long walk".into(), ..Default::default() };
        let hit = Hit { message: Some(message), snippet: "long walk".to_owned() };
        Ok(SearchMessagesResponse { hits: vec![hit], next_page_token: "more".to_owned() })
    });
    let answer = world.get("/api/search/?q=long+wa&session_id=3&limit=5&page_token=t").await;
    let found = answer.json();
    assert_eq!((answer.status, &found["next_page_token"]), (200, &json!("more")));
    assert_eq!(found["results"][0]["snippet"], "long walk");
    assert_eq!(found["results"][0]["message"]["id"], 9);
    let expected = SearchMessagesRequest {
        query: "long wa".to_owned(),
        session_id: Some(3),
        page_size: 5,
        page_token: "t".to_owned(),
    };
    assert_eq!(world.chat.search.last().message, expected);
    world.chat.search.answers(|_| Ok(SearchMessagesResponse::default()));
    let nothing = world.get("/api/search?q=x").await.json();
    assert_eq!(nothing, json!({"results": [], "next_page_token": null}));
}

#[tokio::test]
async fn a_search_needs_words() {
    let world = World::start().await;
    for (query, field) in
        [("", "q"), ("?q=", "q"), ("?q=a&session_id=x", "session_id"), ("?q=a&limit=101", "limit")]
    {
        let answer = world.get(&format!("/api/search/{query}")).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{query}");
        assert!(answer.json()[field].is_array(), "{query}");
    }
    assert!(world.chat.search.calls().is_empty());
}

#[tokio::test]
async fn a_reply_is_rated_and_the_rating_taken_back() {
    let world = World::start().await;
    world.chat.rate.answers(|request: SetFeedbackRequest| {
        let message = Message { id: 9, feedback: request.feedback, ..Message::default() };
        Ok(SetFeedbackResponse { message: Some(message) })
    });
    let rate = |body: Value| {
        answer(world.request_as_user("POST", "/api/messages/9/feedback/").json(&body))
    };
    for (body, rating, comment) in [
        (json!({"rating": "up"}), Rating::Up, ""),
        (json!({"rating": "down", "comment": null}), Rating::Down, ""),
        (json!({"rating": "down", "comment": "Too long."}), Rating::Down, "Too long."),
    ] {
        let name = body["rating"].clone();
        let answer = rate(body).await;
        let feedback = json!({"rating": name, "comment": comment});
        assert_eq!((answer.status, &answer.json()["feedback"]), (200, &feedback));
        let feedback = Some(Feedback { rating: rating.into(), comment: comment.to_owned() });
        let expected = SetFeedbackRequest { message_id: 9, feedback };
        assert_eq!(world.chat.rate.last().message, expected);
    }
    let asked = world.chat.rate.calls().len();
    for (body, field) in [
        (json!({}), "rating"),
        (json!({"rating": "great"}), "rating"),
        (json!({"rating": true}), "rating"),
        (json!({"rating": "up", "comment": 1}), "comment"),
    ] {
        let answer = rate(body).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{field}");
        assert!(answer.json()[field].is_array(), "{field}");
    }
    assert_eq!(world.chat.rate.calls().len(), asked);

    let taken_back = answer(world.request_as_user("DELETE", "/api/messages/9/feedback/")).await;
    assert_eq!((taken_back.status, taken_back.text.as_str()), (204, ""));
    let expected = SetFeedbackRequest { message_id: 9, feedback: None };
    assert_eq!(world.chat.rate.last().message, expected);
    let nowhere = answer(world.request_as_user("DELETE", "/api/messages/x/feedback/")).await;
    assert_eq!(nowhere.says(), (404, "message_not_found".to_owned()));
}
