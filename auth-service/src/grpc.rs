//! The gRPC face: decode, call, encode.

use chassis::clock;
use chassis::grpc::{self, Services};
use proto::auth::v1 as pb;
use proto::auth::v1::auth_service_server::{AuthService, AuthServiceServer};
use token::bearer::{self, Bearer};
use tonic::{Request, Response, Status};

use crate::accounts::{Accounts, Registered};
use crate::error::Error;
use crate::request_ids::RequestId;
use crate::store::User;
use crate::tokens::Pair;

/// What this service serves.
pub(crate) async fn services(accounts: Accounts) -> Services {
    let server = AuthServiceServer::new(Handler { accounts })
        .max_decoding_message_size(grpc::MAX_REQUEST_BYTES);
    Services::new(proto::DESCRIPTORS).await.add(server).await
}

/// The generated service, implemented.
struct Handler {
    accounts: Accounts,
}

#[tonic::async_trait]
impl AuthService for Handler {
    async fn register(
        &self,
        request: Request<pb::RegisterRequest>,
    ) -> Result<Response<pb::RegisterResponse>, Status> {
        let request = request.into_inner();
        let password = request.password.into();
        let request_id = match request.request_id.as_str() {
            "" => None,
            text => Some(RequestId::parse(text)?),
        };
        let Registered { user, pair, replayed } =
            self.accounts.register(&request.username, password, request_id, clock::now()).await?;
        Ok(Response::new(pb::RegisterResponse {
            account: Some(account(user)),
            tokens: Some(tokens(pair)),
            replayed,
        }))
    }

    async fn log_in(
        &self,
        request: Request<pb::LogInRequest>,
    ) -> Result<Response<pb::LogInResponse>, Status> {
        let request = request.into_inner();
        let password = request.password.into();
        let pair = self.accounts.log_in(&request.username, password, clock::now()).await?;
        Ok(Response::new(pb::LogInResponse { tokens: Some(tokens(pair)) }))
    }

    async fn refresh(
        &self,
        request: Request<pb::RefreshRequest>,
    ) -> Result<Response<pb::RefreshResponse>, Status> {
        let access = self.accounts.refresh(&request.get_ref().refresh, clock::now()).await?;
        Ok(Response::new(pb::RefreshResponse { access, refresh: String::new() }))
    }

    async fn verify_token(
        &self,
        request: Request<pb::VerifyTokenRequest>,
    ) -> Result<Response<pb::VerifyTokenResponse>, Status> {
        let (claims, user) = self.accounts.verify(&request.get_ref().access, clock::now()).await?;
        let seconds = i64::try_from(claims.expires_at).unwrap_or(i64::MAX);
        let principal = pb::Principal {
            user_id: user.id,
            sid: claims.subject.sid,
            expire_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        };
        Ok(Response::new(pb::VerifyTokenResponse { principal: Some(principal) }))
    }

    async fn get_signing_keys(
        &self,
        _request: Request<pb::GetSigningKeysRequest>,
    ) -> Result<Response<pb::GetSigningKeysResponse>, Status> {
        let keys = self.accounts.public_keys().into_iter();
        let keys = keys.map(|key| pb::SigningKey {
            kid: key.kid().to_owned(),
            public_key: key.as_bytes().to_vec(),
        });
        Ok(Response::new(pb::GetSigningKeysResponse { keys: keys.collect() }))
    }

    async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Result<Response<pb::GetAccountResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let values = headers.get_all("authorization").iter().map(AsRef::as_ref);
        let token = match bearer::parse(values) {
            Bearer::Token(token) => token,
            Bearer::Absent => return Err(Error::TokenMissing.into()),
            Bearer::Malformed => return Err(Error::from(token::Error::Invalid).into()),
        };
        let (_, user) = self.accounts.verify(token, clock::now()).await?;
        Ok(Response::new(pb::GetAccountResponse { account: Some(account(user)) }))
    }

    async fn log_out(&self, _: Request<pb::LogOutRequest>) -> Result<Response<pb::LogOutResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn change_password(
        &self,
        _: Request<pb::ChangePasswordRequest>,
    ) -> Result<Response<pb::ChangePasswordResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn delete_account(
        &self,
        _: Request<pb::DeleteAccountRequest>,
    ) -> Result<Response<pb::DeleteAccountResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }
}

fn account(user: User) -> pb::Account {
    let create_time = Some(clock::timestamp(user.created_at));
    pb::Account { id: user.id, username: user.username, create_time }
}

fn tokens(pair: Pair) -> pb::TokenPair {
    pb::TokenPair { access: pair.access, refresh: pair.refresh }
}
