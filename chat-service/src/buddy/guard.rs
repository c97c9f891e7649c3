//! What stands between the model's client and the network.
//!
//! The client forgets the status of an answer that is not JSON, and never looks at `Retry-After`;
//! both decide whether to ask again. And it reads whatever comes, however much that is.

use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::RETRY_AFTER;
use reqwest::{Body, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tower::Service;

/// How much of an error's body is read for its code.
const MOST_BYTES: usize = 16 * 1024;

/// Longest code of an error.
const LONGEST_CODE: usize = 64;

/// Longest wait that is passed on to people.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
#[error("the model's API answered {status}")]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// `error.code` of the body, such as `insufficient_quota`. It is logged.
    pub(crate) code: Option<String>,
    /// Whether the prompt was longer than the model takes.
    pub(crate) is_too_long: bool,
}

impl Refused {
    /// Whether the same request may well be answered a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        let quota = self.code.as_deref() == Some("insufficient_quota");
        self.status.is_server_error()
            || self.status == StatusCode::REQUEST_TIMEOUT
            || (self.status == StatusCode::TOO_MANY_REQUESTS && !quota)
    }
}

/// Sends a request once, turns whatever is not a success into [`Refused`], and breaks off what is larger
/// than any answer.
#[derive(Clone)]
pub(crate) struct Guard {
    service: ReqwestService,
    key: SecretString,
    most_bytes: usize,
}

impl Guard {
    /// `key`: what nobody may see. `most_bytes`: as much as an answer may take on the wire.
    pub(crate) fn new(client: reqwest::Client, key: SecretString, most_bytes: usize) -> Self {
        Self { service: ReqwestService::new(client), key, most_bytes }
    }
}

impl Service<HttpRequestFactory> for Guard {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let (sent, most_bytes) = (self.service.call(request), self.most_bytes);
        let key = self.key.clone();
        Box::pin(async move {
            let response = sent.await?;
            let status = response.status();
            if status.is_success() {
                return Ok(within(most_bytes, response));
            }
            let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let seconds: Option<u64> = header.and_then(|text| text.trim().parse().ok());
            let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
            let error = error(response).await.unwrap_or_default();
            let is_too_long = is_too_long(&error);
            let code = error.get("code").and_then(Value::as_str).filter(|code| is_code(code, &key));
            let code = code.map(str::to_owned);
            let refused = Refused { status, retry_after, code, is_too_long };
            Err(OpenAIError::Boxed(Box::new(refused)))
        })
    }
}

/// The same answer, which fails where it grows larger than that.
fn within(most_bytes: usize, response: Response) -> Response {
    let mut left = most_bytes;
    let pieces = response.bytes_stream().map(move |piece| {
        let piece = piece.map_err(std::io::Error::other)?;
        let too_much = || {
            // The client will not say why its connection broke.
            tracing::error!(most_bytes, "the model's API sends more than any reply takes");
            std::io::Error::other("an answer without end")
        };
        left = left.checked_sub(piece.len()).ok_or_else(too_much)?;
        Ok::<_, std::io::Error>(piece)
    });
    http::Response::new(Body::wrap_stream(pieces)).into()
}

/// Whoever answers may put anything in the place of a code, our key for one.
fn is_code(text: &str, key: &SecretString) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let is_status = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_secret = key.expose_secret().contains(text);
    (1..=LONGEST_CODE).contains(&text.len()) && (is_word || is_status) && !is_secret
}

async fn error(mut response: Response) -> Option<Value> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return None;
        }
    }
    let mut body: Value = serde_json::from_slice(&body).ok()?;
    Some(body.get_mut("error")?.take())
}

/// OpenAI has a code for it, llama.cpp a type, vLLM and others only words.
fn is_too_long(error: &Value) -> bool {
    let text = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let words = text("message").to_lowercase();
    text("code") == "context_length_exceeded"
        || text("type") == "exceed_context_size_error"
        || ["context length", "context window", "context size"].iter().any(|it| words.contains(it))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_logged_as_a_code_is_one() {
        let key = SecretString::from("my_own_model_key");
        for code in ["insufficient_quota", "DeploymentNotFound", "model_not_found", "401"] {
            assert!(is_code(code, &key), "{code}");
        }
        let secrets = ["sk-canary-key", "my_own_model_key", "own_model", "9f86d081"];
        for other in secrets.into_iter().chain(["", "Incorrect API key", "a\nb", &"a".repeat(65)]) {
            assert!(!is_code(other, &key), "{other}");
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_is_recognised_whoever_says_so() {
        for error in [
            json!({"code": "context_length_exceeded", "message": "too many tokens"}),
            json!({"type": "exceed_context_size_error", "code": 400}),
            json!({"message": "This model's maximum context length is 4096 tokens."}),
        ] {
            assert!(is_too_long(&error), "{error}");
        }
        for error in [Value::Null, json!({"message": "no such model", "code": "not_found"})] {
            assert!(!is_too_long(&error), "{error}");
        }
    }
}
