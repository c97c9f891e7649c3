//! The auth service, as a script.

use auth_stub::Revocations;
use proto::auth::v1 as pb;
use proto::auth::v1::auth_service_server::AuthService;
use token::keys::PublicKey;
use tonic::{Request, Response, Status};

use super::super::rpc::Rpc;

/// All is well, whatever is asked.
pub(crate) struct Auth {
    pub(crate) register: Rpc<pb::RegisterRequest, pb::RegisterResponse>,
    pub(crate) log_in: Rpc<pb::LogInRequest, pb::LogInResponse>,
    pub(crate) refresh: Rpc<pb::RefreshRequest, pb::RefreshResponse>,
    pub(crate) log_out: Rpc<pb::LogOutRequest, pb::LogOutResponse>,
    pub(crate) change_password: Rpc<pb::ChangePasswordRequest, pb::ChangePasswordResponse>,
    pub(crate) delete_account: Rpc<pb::DeleteAccountRequest, pb::DeleteAccountResponse>,
    pub(crate) account: Rpc<pb::GetAccountRequest, pb::GetAccountResponse>,
    pub(crate) verify: Rpc<pb::VerifyTokenRequest, pb::VerifyTokenResponse>,
    pub(crate) keys: Rpc<pb::GetSigningKeysRequest, pb::GetSigningKeysResponse>,
    pub(crate) revocations: Revocations,
}

impl Auth {
    /// Everybody is user 7, and all is well.
    pub(crate) fn new(key: &PublicKey) -> Self {
        let tokens = pb::TokenPair { access: "an-access".into(), refresh: "a-refresh".into() };
        let key = pb::SigningKey { kid: key.kid().to_owned(), public_key: key.as_bytes().to_vec() };
        let keys = pb::GetSigningKeysResponse { keys: vec![key] };
        let for_login = pb::LogInResponse { tokens: Some(tokens.clone()) };
        let for_change = pb::ChangePasswordResponse { tokens: Some(tokens.clone()) };
        Self {
            register: Rpc::new(move |request: pb::RegisterRequest| {
                let username = request.username;
                let account = pb::Account { id: 7, username, create_time: None };
                let (account, tokens) = (Some(account), Some(tokens.clone()));
                Ok(pb::RegisterResponse { account, tokens, replayed: false })
            }),
            log_in: Rpc::new(move |_| Ok(for_login.clone())),
            refresh: Rpc::new(|_| {
                Ok(pb::RefreshResponse { access: "an-access".into(), refresh: String::new() })
            }),
            log_out: Rpc::new(|_| Ok(pb::LogOutResponse {})),
            change_password: Rpc::new(move |_| Ok(for_change.clone())),
            delete_account: Rpc::new(|_| Ok(pb::DeleteAccountResponse {})),
            account: Rpc::new(|_| {
                let create_time = Some(prost_types::Timestamp { seconds: 1_800_000_000, nanos: 0 });
                let account = pb::Account { id: 7, username: "ada".to_owned(), create_time };
                Ok(pb::GetAccountResponse { account: Some(account) })
            }),
            verify: Rpc::new(|_| Ok(pb::VerifyTokenResponse::default())),
            keys: Rpc::new(move |_| Ok(keys.clone())),
            revocations: Revocations::default(),
        }
    }
}

type Answer<T> = Result<Response<T>, Status>;

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
        request: Request<pb::VerifyTokenRequest>,
    ) -> Answer<pb::VerifyTokenResponse> {
        self.verify.call(request).await
    }

    async fn get_signing_keys(
        &self,
        request: Request<pb::GetSigningKeysRequest>,
    ) -> Answer<pb::GetSigningKeysResponse> {
        self.keys.call(request).await
    }

    async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Answer<pb::GetAccountResponse> {
        self.account.call(request).await
    }

    async fn log_out(&self, request: Request<pb::LogOutRequest>) -> Answer<pb::LogOutResponse> {
        self.log_out.call(request).await
    }

    async fn change_password(
        &self,
        request: Request<pb::ChangePasswordRequest>,
    ) -> Answer<pb::ChangePasswordResponse> {
        self.change_password.call(request).await
    }

    async fn delete_account(
        &self,
        request: Request<pb::DeleteAccountRequest>,
    ) -> Answer<pb::DeleteAccountResponse> {
        self.delete_account.call(request).await
    }
}
