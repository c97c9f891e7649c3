//! The gRPC face: decode, call, encode.

pub(crate) mod chat;
mod origin;
mod revocations;

use std::sync::Arc;

use chassis::clock;
use chassis::grpc::{self, Services};
use chassis::identity::Caller;
use chrono::{DateTime, Utc};
use proto::auth::v1 as pb;
use proto::auth::v1::auth_service_server::{AuthService, AuthServiceServer};
use proto::auth::v1::revocation_service_server::RevocationServiceServer;
use token::Claims;
use token::bearer::{self, Bearer};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::accounts::{Accounts, Registered};
use crate::config::Verifiers;
use crate::error::Error;
use crate::request_ids::RequestId;
use crate::revocations::Feed;
use crate::store::User;
use crate::tokens::Pair;

/// What this service serves.
pub(crate) async fn services(
    accounts: Accounts,
    verifiers: Verifiers,
    feed: Feed,
    stop: CancellationToken,
) -> Services {
    let accounts = Arc::new(accounts);
    let watched = (accounts.clone(), verifiers.clone());
    let revocations =
        revocations::Handler { accounts: watched.0, verifiers: watched.1, feed, stop };
    let server = AuthServiceServer::new(Handler { accounts, verifiers })
        .max_decoding_message_size(grpc::MAX_REQUEST_BYTES);
    let services = Services::new(proto::DESCRIPTORS).await.add(server).await;
    services.add(RevocationServiceServer::new(revocations)).await
}

/// Refuses whoever is none of the services that verify tokens.
fn only<T>(request: &Request<T>, verifiers: &Verifiers) -> Result<(), Error> {
    let is_one = Caller::of(request).is_one_of(&verifiers.names());
    if is_one { Ok(()) } else { Err(Error::NotAllowed) }
}

/// The generated service, implemented.
struct Handler {
    accounts: Arc<Accounts>,
    verifiers: Verifiers,
}

impl Handler {
    /// Whose call it is.
    async fn caller<T>(
        &self,
        request: &Request<T>,
        now: DateTime<Utc>,
    ) -> Result<(Claims, User), Error> {
        let headers = request.metadata().clone().into_headers();
        let values = headers.get_all("authorization").iter().map(AsRef::as_ref);
        match bearer::parse(values) {
            Bearer::Token(token) => self.accounts.logins().verify(token, now).await,
            Bearer::Absent => Err(Error::TokenMissing),
            Bearer::Malformed => Err(token::Error::Invalid.into()),
        }
    }
}

#[tonic::async_trait]
impl AuthService for Handler {
    async fn register(
        &self,
        request: Request<pb::RegisterRequest>,
    ) -> Result<Response<pb::RegisterResponse>, Status> {
        let origin = origin::of(&request);
        let request = request.into_inner();
        let password = request.password.into();
        let request_id = match request.request_id.as_str() {
            "" => None,
            text => Some(RequestId::parse(text)?),
        };
        let (name, now) = (&request.username, clock::now());
        let registered = self.accounts.register(name, password, request_id, origin, now).await?;
        let Registered { user, pair, replayed } = registered;
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
        let origin = origin::of(&request);
        let request = request.into_inner();
        let password = request.password.into();
        let pair = self.accounts.log_in(&request.username, password, origin, clock::now()).await?;
        Ok(Response::new(pb::LogInResponse { tokens: Some(tokens(pair)) }))
    }

    async fn refresh(
        &self,
        request: Request<pb::RefreshRequest>,
    ) -> Result<Response<pb::RefreshResponse>, Status> {
        let pb::RefreshRequest { refresh, rotate } = request.into_inner();
        let renewed = self.accounts.logins().renew(&refresh, rotate, clock::now()).await?;
        let refresh = renewed.refresh.unwrap_or_default();
        Ok(Response::new(pb::RefreshResponse { access: renewed.access, refresh }))
    }

    async fn verify_token(
        &self,
        request: Request<pb::VerifyTokenRequest>,
    ) -> Result<Response<pb::VerifyTokenResponse>, Status> {
        only(&request, &self.verifiers)?;
        let access = &request.get_ref().access;
        let (claims, user) = self.accounts.logins().verify(access, clock::now()).await?;
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
        Ok(Response::new(pb::GetSigningKeysResponse { keys: keys(&self.accounts) }))
    }

    async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Result<Response<pb::GetAccountResponse>, Status> {
        let (_, user) = self.caller(&request, clock::now()).await?;
        Ok(Response::new(pb::GetAccountResponse { account: Some(account(user)) }))
    }

    async fn log_out(
        &self,
        request: Request<pb::LogOutRequest>,
    ) -> Result<Response<pb::LogOutResponse>, Status> {
        let now = clock::now();
        let logins = self.accounts.logins();
        let everywhere = request.get_ref().everywhere;
        match request.get_ref().refresh.as_str() {
            "" => {
                let (claims, _) = self.caller(&request, now).await?;
                logins.end(claims.subject, everywhere, now).await?;
            }
            refresh => logins.end_by_refresh(refresh, everywhere, now).await?,
        }
        Ok(Response::new(pb::LogOutResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<pb::ChangePasswordRequest>,
    ) -> Result<Response<pb::ChangePasswordResponse>, Status> {
        let now = clock::now();
        let (claims, user) = self.caller(&request, now).await?;
        let origin = origin::of(&request);
        let pb::ChangePasswordRequest { current_password, new_password } = request.into_inner();
        let (current, next) = (current_password.into(), new_password.into());
        let pair = self.accounts.change_password(claims, user, current, next, origin, now).await?;
        Ok(Response::new(pb::ChangePasswordResponse { tokens: Some(tokens(pair)) }))
    }

    async fn delete_account(
        &self,
        request: Request<pb::DeleteAccountRequest>,
    ) -> Result<Response<pb::DeleteAccountResponse>, Status> {
        let now = clock::now();
        let (_, user) = self.caller(&request, now).await?;
        let origin = origin::of(&request);
        let password = request.into_inner().password.into();
        self.accounts.delete(user, password, origin, now).await?;
        Ok(Response::new(pb::DeleteAccountResponse {}))
    }
}

fn keys(accounts: &Accounts) -> Vec<pb::SigningKey> {
    let keys = accounts.logins().public_keys().into_iter();
    let keys = keys.map(|key| pb::SigningKey {
        kid: key.kid().to_owned(),
        public_key: key.as_bytes().to_vec(),
    });
    keys.collect()
}

fn account(user: User) -> pb::Account {
    let create_time = Some(clock::timestamp(user.created_at));
    pb::Account { id: user.id, username: user.username, create_time }
}

fn tokens(pair: Pair) -> pb::TokenPair {
    pb::TokenPair { access: pair.access, refresh: pair.refresh }
}
