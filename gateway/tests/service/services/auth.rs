//! The auth service, as a script.

use proto::auth::v1 as pb;
use proto::auth::v1::auth_service_server::AuthService;
use token::keys::PublicKey;
use tonic::{Request, Response, Status};

use super::super::rpc::Rpc;

/// Register, log in, refresh and the keys work; the rest is not for the gateway.
pub(crate) struct Auth {
    pub(crate) register: Rpc<pb::RegisterRequest, pb::RegisterResponse>,
    pub(crate) log_in: Rpc<pb::LogInRequest, pb::LogInResponse>,
    pub(crate) refresh: Rpc<pb::RefreshRequest, pb::RefreshResponse>,
    pub(crate) keys: Rpc<pb::GetSigningKeysRequest, pb::GetSigningKeysResponse>,
}

impl Auth {
    /// Everybody is user 7, and all is well.
    pub(crate) fn new(key: &PublicKey) -> Self {
        let tokens = pb::TokenPair { access: "an-access".into(), refresh: "a-refresh".into() };
        let key = pb::SigningKey { kid: key.kid().to_owned(), public_key: key.as_bytes().to_vec() };
        let keys = pb::GetSigningKeysResponse { keys: vec![key] };
        let for_login = pb::LogInResponse { tokens: Some(tokens.clone()) };
        Self {
            register: Rpc::new(move |request: pb::RegisterRequest| {
                let username = request.username;
                let account = pb::Account { id: 7, username, create_time: None };
                let (account, tokens) = (Some(account), Some(tokens.clone()));
                Ok(pb::RegisterResponse { account, tokens, replayed: false })
            }),
            log_in: Rpc::new(move |_| Ok(for_login.clone())),
            refresh: Rpc::new(|_| Ok(pb::RefreshResponse { access: "an-access".into(), refresh: String::new() })),
            keys: Rpc::new(move |_| Ok(keys.clone())),
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
        request: Request<pb::RegisterRequest>,
    ) -> Answer<pb::RegisterResponse> {
        self.register.call(request).await
    }

    async fn log_in(&self, request: Request<pb::LogInRequest>) -> Answer<pb::LogInResponse> {
        self.log_in.call(request).await
    }

    async fn refresh(&self, request: Request<pb::RefreshRequest>) -> Answer<pb::RefreshResponse> {
        self.refresh.call(request).await
    }

    async fn verify_token(
        &self,
        _: Request<pb::VerifyTokenRequest>,
    ) -> Answer<pb::VerifyTokenResponse> {
        not_for_the_gateway()
    }

    async fn get_signing_keys(
        &self,
        request: Request<pb::GetSigningKeysRequest>,
    ) -> Answer<pb::GetSigningKeysResponse> {
        self.keys.call(request).await
    }

    async fn get_account(
        &self,
        _: Request<pb::GetAccountRequest>,
    ) -> Answer<pb::GetAccountResponse> {
        not_for_the_gateway()
    }

    async fn log_out(&self, _: Request<pb::LogOutRequest>) -> Answer<pb::LogOutResponse> {
        not_for_the_gateway()
    }

    async fn change_password(
        &self,
        _: Request<pb::ChangePasswordRequest>,
    ) -> Answer<pb::ChangePasswordResponse> {
        not_for_the_gateway()
    }

    async fn delete_account(
        &self,
        _: Request<pb::DeleteAccountRequest>,
    ) -> Answer<pb::DeleteAccountResponse> {
        not_for_the_gateway()
    }
}
