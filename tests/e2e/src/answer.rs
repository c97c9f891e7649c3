//! What the product answered.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// Sends a request and reads what is answered.
    pub async fn to(request: RequestBuilder) -> Self {
        Self::read(request.send().await.expect("the product should answer")).await
    }

    /// Reads a response to its end.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer should be complete");
        Self { status, headers, text }
    }

    /// The body as JSON; null if it is empty.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The code of an error, with its status.
    #[must_use]
    pub fn says(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The turn that `Location` names.
    #[must_use]
    pub fn turn(&self) -> i64 {
        let named = self.header("location").strip_prefix("/api/turns/");
        let number = named.and_then(|named| named.strip_suffix('/')?.parse().ok());
        number.unwrap_or_else(|| panic!("{}: no turn is named: {}", self.status, self.text))
    }

    /// A header as text; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
