//! The auth service and the chat service, as scripts.

use proto::auth::v1 as auth;
use proto::auth::v1::auth_service_server::AuthService;
use proto::chat::v1 as chat;
use proto::chat::v1::chat_service_server::ChatService;
use token::keys::PublicKey;
use tonic::{Request, Response, Status};

use super::rpc::Rpc;

/// Register, log in, refresh and the keys work; the rest is not for the gateway.
pub(crate) struct Auth {
    pub(crate) register: Rpc<auth::RegisterRequest, auth::RegisterResponse>,
    pub(crate) log_in: Rpc<auth::LogInRequest, auth::LogInResponse>,
    pub(crate) refresh: Rpc<auth::RefreshRequest, auth::RefreshResponse>,
    pub(crate) keys: Rpc<auth::GetSigningKeysRequest, auth::GetSigningKeysResponse>,
}

/// Sending and listing messages work; the rest is not for the gateway.
pub(crate) struct Chat {
    pub(crate) send: Rpc<chat::SendMessageRequest, chat::SendMessageResponse>,
    pub(crate) list: Rpc<chat::ListMessagesRequest, chat::ListMessagesResponse>,
}

impl Auth {
    /// Everybody is user 7, and all is well.
    pub(crate) fn new(key: &PublicKey) -> Self {
        let tokens = auth::TokenPair { access: "an-access".into(), refresh: "a-refresh".into() };
        let key =
            auth::SigningKey { kid: key.kid().to_owned(), public_key: key.as_bytes().to_vec() };
        let keys = auth::GetSigningKeysResponse { keys: vec![key] };
        let for_login = auth::LogInResponse { tokens: Some(tokens.clone()) };
        Self {
            register: Rpc::new(move |request: auth::RegisterRequest| {
                let username = request.username;
                let account = auth::Account { id: 7, username, create_time: None };
                Ok(auth::RegisterResponse { account: Some(account), tokens: Some(tokens.clone()) })
            }),
            log_in: Rpc::new(move |_| Ok(for_login.clone())),
            refresh: Rpc::new(|_| Ok(auth::RefreshResponse { access: "an-access".into() })),
            keys: Rpc::new(move |_| Ok(keys.clone())),
        }
    }
}

impl Chat {
    /// The buddy says hello, and nothing has been said before.
    pub(crate) fn new() -> Self {
        let hello = chat::Message { text: "hello".into(), ..chat::Message::default() };
        let answer = move |request: chat::SendMessageRequest| {
            let session_id = request.session_id.unwrap_or(1);
            let (user_message, ai_message) = (None, Some(hello.clone()));
            Ok(chat::SendMessageResponse { session_id, user_message, ai_message })
        };
        Self {
            send: Rpc::new(answer),
            list: Rpc::new(|_| Ok(chat::ListMessagesResponse::default())),
        }
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_for_the_gateway<T>() -> Answer<T> {
    Err(Status::unimplemented("the gateway has no business here"))
}

#[tonic::async_trait]
impl AuthService for Auth {
    async fn register(
        &self,
        request: Request<auth::RegisterRequest>,
    ) -> Answer<auth::RegisterResponse> {
        self.register.call(request).await
    }

    async fn log_in(&self, request: Request<auth::LogInRequest>) -> Answer<auth::LogInResponse> {
        self.log_in.call(request).await
    }

    async fn refresh(
        &self,
        request: Request<auth::RefreshRequest>,
    ) -> Answer<auth::RefreshResponse> {
        self.refresh.call(request).await
    }

    async fn verify_token(
        &self,
        _: Request<auth::VerifyTokenRequest>,
    ) -> Answer<auth::VerifyTokenResponse> {
        not_for_the_gateway()
    }

    async fn get_signing_keys(
        &self,
        request: Request<auth::GetSigningKeysRequest>,
    ) -> Answer<auth::GetSigningKeysResponse> {
        self.keys.call(request).await
    }

    async fn get_account(
        &self,
        _: Request<auth::GetAccountRequest>,
    ) -> Answer<auth::GetAccountResponse> {
        not_for_the_gateway()
    }
}

#[tonic::async_trait]
impl ChatService for Chat {
    async fn send_message(
        &self,
        request: Request<chat::SendMessageRequest>,
    ) -> Answer<chat::SendMessageResponse> {
        self.send.call(request).await
    }

    async fn list_messages(
        &self,
        request: Request<chat::ListMessagesRequest>,
    ) -> Answer<chat::ListMessagesResponse> {
        self.list.call(request).await
    }

    async fn create_session(
        &self,
        _: Request<chat::CreateSessionRequest>,
    ) -> Answer<chat::CreateSessionResponse> {
        not_for_the_gateway()
    }

    async fn list_sessions(
        &self,
        _: Request<chat::ListSessionsRequest>,
    ) -> Answer<chat::ListSessionsResponse> {
        not_for_the_gateway()
    }
}
