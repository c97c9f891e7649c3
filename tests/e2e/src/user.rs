//! Somebody who uses the product.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::Answer;

/// Somebody who uses the product, logged in.
#[derive(Debug, Clone)]
pub struct User {
    pub(crate) http: Client,
    pub(crate) base: String,
    /// The account's number.
    pub id: i64,
    /// The account's name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// An access token.
    pub access: String,
    /// A refresh token.
    pub refresh: String,
}

impl User {
    /// Starts a request with the person's token.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.access)
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request("POST", path).json(body)).await
    }

    /// Posts JSON as a request that may come again.
    pub async fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        Answer::to(self.request("POST", path).header("idempotency-key", key).json(body)).await
    }

    /// Changes something.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request("PATCH", path).json(body)).await
    }

    /// Deletes something.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request("DELETE", path)).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request("GET", path)).await
    }

    /// Gets a path unless it is as it was.
    pub async fn get_unless(&self, etag: &str, path: &str) -> Answer {
        Answer::to(self.request("GET", path).header("if-none-match", etag)).await
    }

    /// Looks at something that is there.
    pub async fn see(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Says something, wherever that goes, and returns the whole answer.
    pub async fn try_to_say(&self, text: &str) -> Answer {
        self.post("/api/send-message/", &json!({"text": text})).await
    }

    /// Says something that may be said again.
    pub async fn say_as(&self, key: &str, text: &str) -> Answer {
        self.post_as(key, "/api/send-message/", &json!({"text": text})).await
    }

    /// Stops a turn, having read up to an event of it.
    pub async fn stop(&self, turn: i64, last_event_id: Option<&str>) -> Value {
        let path = format!("/api/turns/{turn}/cancel/");
        let answer = self.post(&path, &json!({"last_event_id": last_event_id})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Says something and is answered: the session and the buddy's words.
    pub async fn say(&self, text: &str) -> (i64, String) {
        let answer = self.try_to_say(text).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let reply = answer.json();
        let words = reply["ai_response"].as_str().expect("words").to_owned();
        (reply["session_id"].as_i64().expect("a session"), words)
    }

    /// All that was said in a session: who, and what.
    pub async fn messages(&self, session: i64) -> Vec<(String, String)> {
        let answer = self.get(&format!("/api/get-messages/?session_id={session}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let said = |message: &Value| (text(&message["sender"]), text(&message["text"]));
        body["messages"].as_array().expect("messages").iter().map(said).collect()
    }
}
