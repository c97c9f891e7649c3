//! The language model, through any OpenAI-compatible chat-completions API.
//!
//! Answers are always streamed to us, even when the caller waits for the whole: only then can a
//! model that is slow be told from one that is silent.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context as _;
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, CreateChatCompletionRequest, FinishReason,
};
use futures_util::StreamExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout, timeout_at};

use super::breaker::Breaker;
use super::guard::{Guard, Refused};
use super::limits::Limits;
use super::{Answer, Failure};
use crate::config::ModelConfig;
use crate::draft::Draft;
use crate::metrics::{Operation, Purpose};
use crate::prompt::Prompt;
use crate::safety;
use crate::store::{Finish, Sender, Usage};

/// Attempts at one reply.
const ATTEMPTS: u32 = 2;
/// Before the second attempt, unless the model asks for more.
const PAUSE: Duration = Duration::from_millis(500);
/// For what follows the end of a reply.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// Bytes of a reply for each token it was allowed: far more than any language needs. A reply that
/// grows past that is a model gone astray.
const BYTES_PER_TOKEN: usize = 32;
/// Bytes on the wire for each of them, each in an event of its own with what filters say of it, and for the
/// rest.
const WIRE_BYTES_PER_TOKEN: usize = 2 * 1024;
const WIRE_BYTES: usize = 64 * 1024;

/// A language model.
pub(crate) struct Model {
    pub(super) client: Client<OpenAIConfig>,
    pub(super) name: Arc<str>,
    reply_tokens: u32,
    limits: Limits,
    pub(super) breaker: Breaker,
    /// Whether a verdict failed already.
    pub(super) lacks_verdict: AtomicBool,
}

/// One attempt that failed.
struct Miss {
    failure: Failure,
    /// Whether another attempt may do better.
    again: bool,
    /// Whether the model is to blame, and not the request.
    down: bool,
    why: &'static str,
}

impl Miss {
    /// The model is in trouble; another attempt may do better.
    fn passing(why: &'static str) -> Self {
        let failure = Failure::Unavailable { retry_after: None };
        Self { failure, again: true, down: true, why }
    }

    /// The model is well, and has nothing to say to this: that is nobody else's trouble.
    fn empty(why: &'static str) -> Self {
        Self { down: false, ..Self::passing(why) }
    }

    /// Whoever has waited so long already is not asked to wait as long again.
    fn at_last(mut self) -> Self {
        self.again = false;
        self
    }

    fn slow(why: &'static str) -> Self {
        Self { failure: Failure::Timeout, ..Self::passing(why) }
    }

    /// This request is refused, and would be again.
    fn lasting(why: &'static str) -> Self {
        Self { again: false, down: false, ..Self::passing(why) }
    }
}

impl From<OpenAIError> for Miss {
    fn from(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Boxed(boxed) => match boxed.downcast::<Refused>() {
                Ok(refused) if refused.is_too_long => {
                    Self { failure: Failure::TooLong, ..Self::lasting("prompt is too long") }
                }
                Ok(refused) => {
                    let failure = Failure::Unavailable { retry_after: refused.retry_after };
                    if refused.is_passing() {
                        Self { failure, ..Self::passing("refused for now") }
                    } else {
                        tracing::error!(
                            status = refused.status.as_u16(),
                            code = refused.code,
                            "the model's API refuses our requests: check key, model and quota"
                        );
                        Self { failure, ..Self::lasting("refused") }
                    }
                }
                Err(_) => Self::passing("client failed"),
            },
            OpenAIError::Reqwest(error) if error.is_timeout() => {
                Self::slow("no connection in time")
            }
            OpenAIError::Reqwest(error) if error.is_connect() => Self::passing("no connection"),
            OpenAIError::InvalidArgument(_) => Self::lasting("request could not be built"),
            OpenAIError::JSONDeserialize(..) => Self::passing("not a chat completion"),
            _ => Self::passing("connection lost"),
        }
    }
}

impl Model {
    pub(crate) fn new(config: &ModelConfig) -> anyhow::Result<Self> {
        // Already there when two services of one process build a client each.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(config.limits.connect)
            // A redirect could carry the key to another host, a proxy from the environment too.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the HTTP client for the model cannot be built")?;
        let key = config.api_key.as_ref().map_or("", |key| key.expose_secret());
        // Whatever the library would take from the environment by itself is set.
        let api = OpenAIConfig::new()
            .with_api_base(&config.base_url)
            .with_api_key(key)
            .with_org_id("")
            .with_project_id("");
        let tokens = usize::try_from(config.reply_tokens).unwrap_or(0);
        let secret = SecretString::from(key);
        let guard = Guard::new(http.clone(), secret, WIRE_BYTES + tokens * WIRE_BYTES_PER_TOKEN);
        let client = Client::build(http, api).with_http_service(guard);
        Ok(Self {
            client,
            name: config.model.as_str().into(),
            reply_tokens: config.reply_tokens,
            limits: config.limits.clone(),
            breaker: Breaker::default(),
            lacks_verdict: AtomicBool::default(),
        })
    }

    /// Writes the answer into the draft, within the limits. An attempt that fails after words were
    /// said makes the draft begin anew.
    pub(crate) async fn reply(&self, prompt: &Prompt, draft: &Draft) -> Result<Answer, Failure> {
        let deadline = Instant::now() + self.limits.total;
        let mut attempts = 1;
        loop {
            self.breaker
                .admit(Instant::now())
                .map_err(|wait| Failure::Unavailable { retry_after: Some(wait) })?;
            let mut measured = Operation::begin(&self.name, Purpose::Reply);
            let attempt = self.attempt(prompt, draft, &mut measured);
            let outcome = match timeout_at(deadline, attempt).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Miss::slow("no whole reply in time").at_last()),
            };
            let miss = match outcome {
                Ok(answer) => {
                    measured.answered(answer.usage.as_ref());
                    self.breaker.succeeded();
                    return Ok(answer);
                }
                Err(miss) => miss,
            };
            measured.failed(miss.why);
            drop(measured);
            tracing::warn!(attempt = attempts, why = miss.why, "the model gave no answer");
            if miss.down {
                self.breaker.failed(Instant::now());
            } else {
                self.breaker.succeeded();
            }
            let asked = match miss.failure {
                Failure::Unavailable { retry_after } => retry_after,
                Failure::Timeout | Failure::TooLong => None,
            };
            let pause = asked.unwrap_or(PAUSE).max(PAUSE);
            // A wait that leaves no time for an answer is no use to somebody who is waiting.
            let left = deadline.saturating_duration_since(Instant::now());
            let fits = pause.checked_add(self.limits.first_token).is_some_and(|need| need <= left);
            if !miss.again || attempts == ATTEMPTS || !fits {
                return Err(miss.failure);
            }
            attempts += 1;
            tokio::time::sleep(pause).await;
            draft.restart();
        }
    }

    async fn attempt(
        &self,
        prompt: &Prompt,
        draft: &Draft,
        measured: &mut Operation,
    ) -> Result<Answer, Miss> {
        let first = Instant::now() + self.limits.first_token;
        let (chat, request) = (self.client.chat(), self.request(prompt));
        let opened = timeout_at(first, chat.create_stream(request));
        let mut stream = opened.await.map_err(|_| Miss::slow("no answer in time"))??;
        let most_bytes = usize::try_from(self.reply_tokens).unwrap_or(0) * BYTES_PER_TOKEN;
        let (mut bytes, mut is_blank, mut finish, mut usage) = (0, true, None, None);
        let mut guard = safety::guard::Guard::new(
            Some(prompt.whereabouts.region),
            prompt.notice.as_ref().map_or(prompt.whereabouts.language, |notice| notice.language),
        );
        loop {
            let chunk = if finish.is_some() {
                // The reply is complete; what follows tells what it cost, and must be read for the
                // connection to be used again.
                match timeout(AFTERWARDS, stream.next()).await {
                    Ok(Some(Ok(chunk))) => {
                        usage = usage.or(chunk.usage);
                        continue;
                    }
                    _ => break,
                }
            } else if bytes == 0 {
                timeout_at(first, stream.next()).await.map_err(|_| Miss::slow("no word in time"))?
            } else {
                let next = timeout(self.limits.silence, stream.next()).await;
                next.map_err(|_| Miss::slow("fell silent").at_last())?
            };
            let Some(chunk) = chunk else { break };
            let chunk = chunk?;
            usage = usage.or(chunk.usage);
            // The last chunk may hold nothing but usage.
            let Some(choice) = chunk.choices.into_iter().next() else { continue };
            if choice.delta.refusal.is_some_and(|words| !words.is_empty()) {
                return Err(Miss::lasting("reply was withheld"));
            }
            let words = choice.delta.content.unwrap_or_default();
            bytes += words.len();
            if !words.is_empty() {
                measured.chunk();
            }
            is_blank = is_blank && words.trim().is_empty();
            if bytes > most_bytes {
                return Err(Miss::passing("reply without end").at_last());
            }
            let words = guard.push(&words);
            if !words.is_empty() {
                draft.push(&words);
            }
            finish = choice.finish_reason;
        }
        let finish = judge(is_blank, finish)?;
        draft.push(&guard.finish());
        let usage = usage.map(|usage| Usage {
            prompt_tokens: usage.prompt_tokens.into(),
            reply_tokens: usage.completion_tokens.into(),
            is_estimated: false,
        });
        Ok(Answer { finish, usage, removed: guard.removed().to_vec() })
    }

    fn request(&self, prompt: &Prompt) -> CreateChatCompletionRequest {
        let system = ChatCompletionRequestSystemMessage::from(prompt.system.as_str());
        let said = prompt.messages.iter().map(|message| match message.sender {
            Sender::User => ChatCompletionRequestMessage::User(
                ChatCompletionRequestUserMessage::from(message.text.as_str()),
            ),
            Sender::Ai => ChatCompletionRequestMessage::Assistant(
                ChatCompletionRequestAssistantMessage::from(message.text.as_str()),
            ),
        });
        CreateChatCompletionRequest {
            model: self.name.to_string(),
            messages: std::iter::once(system.into()).chain(said).collect(),
            max_completion_tokens: Some(self.reply_tokens),
            stream_options: Some(ChatCompletionStreamOptions {
                include_usage: Some(true),
                include_obfuscation: None,
            }),
            ..CreateChatCompletionRequest::default()
        }
    }
}

/// What came is a reply only if the model says that it is complete: a stream that just ends looks
/// exactly like one that was cut.
fn judge(is_blank: bool, finish: Option<FinishReason>) -> Result<Finish, Miss> {
    match finish {
        Some(FinishReason::Stop | FinishReason::Length) if is_blank => {
            Err(Miss::empty("empty reply"))
        }
        Some(FinishReason::Stop) => Ok(Finish::Stop),
        Some(FinishReason::Length) => Ok(Finish::Length),
        Some(_) => Err(Miss::lasting("reply was withheld")),
        None if is_blank => Err(Miss::passing("ended without a word")),
        None => Err(Miss::passing("ended without an end")),
    }
}
