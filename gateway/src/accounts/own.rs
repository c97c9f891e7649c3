//! `logout/`, `change-password/`, `account/`: what people do with accounts of their own.

use axum::Json;
use chassis::grpc;
use http::StatusCode;
use proto::auth::v1 as pb;
use serde::Serialize;
use serde_json::{Value, json};

use super::LoginReply;
use crate::backends::{self, AUTH, Auth, PROOF};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::{fields, views};

#[derive(Serialize)]
pub(crate) struct AccountReply {
    id: i64,
    username: String,
    created_at: Option<String>,
}

/// Ends the login of a refresh token, or of the caller; with `all`, all logins of that account.
pub(crate) async fn log_out(
    Auth(mut auth): Auth,
    caller: Result<Caller, ApiError>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let refresh = fields::optional_text(&body, "refresh")?.unwrap_or_default().trim().to_owned();
    let everywhere = fields::flag(&body, "all")?.unwrap_or_default();
    let by_refresh = !refresh.is_empty();
    let request = pb::LogOutRequest { refresh, everywhere };
    let request = match caller {
        Ok(caller) => caller.asks(AUTH, request),
        // Whoever has the refresh token needs no other: the access token may have expired.
        Err(_) if by_refresh => backends::within(AUTH, request),
        Err(refused) => return Err(refused),
    };
    backends::answer(AUTH, auth.log_out(request)).await?;
    Ok(Json(json!({})))
}

/// Sets another password; every other login ends.
pub(crate) async fn change_password(
    Auth(mut auth): Auth,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<LoginReply>, ApiError> {
    let names = ["current_password", "new_password"];
    let [current_password, new_password] = fields::required(&body, names)?;
    let request = pb::ChangePasswordRequest { current_password, new_password };
    let request = caller.asks(PROOF, request);
    let reply = backends::answer(PROOF, auth.change_password(request)).await?;
    let tokens = reply.tokens.ok_or_else(ApiError::internal)?;
    Ok(Json(LoginReply { access: tokens.access, refresh: tokens.refresh }))
}

/// Who one is.
pub(crate) async fn show(
    Auth(mut auth): Auth,
    caller: Caller,
) -> Result<Json<AccountReply>, ApiError> {
    let request = grpc::repeatable(caller.asks(AUTH, pb::GetAccountRequest {}));
    let reply = backends::answer(AUTH, auth.get_account(request)).await?;
    let account = reply.account.ok_or_else(ApiError::internal)?;
    let created_at = views::time(account.create_time.as_ref());
    Ok(Json(AccountReply { id: account.id, username: account.username, created_at }))
}

/// Deletes one's account and everything that was said with it.
pub(crate) async fn delete(
    Auth(mut auth): Auth,
    caller: Caller,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let [password] = fields::required(&body, ["password"])?;
    let request = caller.asks(PROOF, pb::DeleteAccountRequest { password });
    backends::answer(PROOF, auth.delete_account(request)).await?;
    Ok(StatusCode::NO_CONTENT)
}
