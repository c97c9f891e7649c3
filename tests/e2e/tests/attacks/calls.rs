//! Calls as they are on the wire: what no generated client sends.

use std::fmt::Debug;
use std::future::poll_fn;

use http_body_util::{BodyExt as _, Full};
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{self, Bytes, Service};

/// A call, with an empty message unless told otherwise.
#[derive(Clone)]
pub(super) struct Call {
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Call {
    /// To a method: `/aibuddy.auth.v1.AuthService/LogIn`.
    pub(super) fn to(path: &str) -> Self {
        let call = Self { path: path.to_owned(), headers: Vec::new(), body: framed(0, b"") };
        call.with("content-type", "application/grpc").with("te", "trailers")
    }

    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// With a message of these bytes.
    pub(super) fn saying(self, message: &[u8]) -> Self {
        self.sending(framed(0, message))
    }

    /// With exactly these bytes for a body.
    pub(super) fn sending(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    pub(super) async fn sent<C, B>(self, channel: &C) -> Outcome
    where
        C: Service<Request<Body>, Response = Response<B>, Error: Debug> + Clone,
        B: codegen::Body,
    {
        self.try_to_send(channel).await.unwrap()
    }

    /// Sends it where perhaps nobody takes it.
    pub(super) async fn try_to_send<C, B>(self, channel: &C) -> Result<Outcome, C::Error>
    where
        C: Service<Request<Body>, Response = Response<B>> + Clone,
        B: codegen::Body,
    {
        let mut request = Request::builder().method("POST").uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let body = Body::new(Full::new(Bytes::from(self.body)));
        let request = request.body(body).unwrap();
        let mut channel = channel.clone();
        poll_fn(|context| channel.poll_ready(context)).await?;
        let answer = channel.call(request).await?;
        let headers = answer.headers().clone();
        // A stream that is reset has no trailers: there is no code then.
        let collected = answer.into_body().collect().await.unwrap_or_default();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        Ok(Outcome { headers, trailers, body: collected.to_bytes().into() })
    }
}

/// A message in its frame.
pub(super) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], length.as_slice(), message].concat()
}

/// A field of text in a message.
pub(super) fn text(field: u8, value: &[u8]) -> Vec<u8> {
    let mut encoded = vec![field << 3 | 2];
    prost::encoding::encode_varint(value.len() as u64, &mut encoded);
    [encoded.as_slice(), value].concat()
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Outcome {
    headers: HeaderMap,
    trailers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Outcome {
    /// The code; `Unknown` where none was told.
    pub(super) fn code(&self) -> Code {
        let told = self.trailers.get("grpc-status").or(self.headers.get("grpc-status"));
        told.map_or(Code::Unknown, |code| Code::from_bytes(code.as_bytes()))
    }

    /// What is said about it.
    pub(super) fn message(&self) -> String {
        let told = self.trailers.get("grpc-message").or(self.headers.get("grpc-message"));
        told.map_or_else(String::new, |text| text.to_str().unwrap().to_owned())
    }
}
