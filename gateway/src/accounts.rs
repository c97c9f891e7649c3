//! `register/`, `login/`, `refresh/`; and what one does with an account of one's own.

pub(crate) mod own;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use proto::auth::v1 as pb;
use serde::Serialize;

use crate::backends::{self, AUTH, Auth};
use crate::body::Body;
use crate::caller::Anyone;
use crate::error::ApiError;
use crate::idempotency::Key;
use crate::{fields, idempotency};

#[derive(Serialize)]
struct RegisterReply {
    user: UserReply,
    token: String,
    refresh: String,
}

#[derive(Serialize)]
struct UserReply {
    id: i64,
    username: String,
}

/// Creates an account and logs it in.
pub(crate) async fn register(
    Auth(mut auth): Auth,
    _anyone: Anyone,
    Key(request_id): Key,
    Body(body): Body,
) -> Result<Response, ApiError> {
    if !fields::is_filled(&body, "username") || !fields::is_filled(&body, "password") {
        return Err(ApiError::fields_required());
    }
    let username = body.get("username").and_then(fields::text);
    let username = username.ok_or_else(|| fields::not_text("username"))?;
    // A number is no password: its digits depend on who writes it down.
    let password = body.get("password").and_then(|value| value.as_str());
    let password = password.ok_or_else(|| fields::not_text("password"))?.to_owned();

    let is_named = !request_id.is_empty();
    let request = pb::RegisterRequest { username, password, request_id };
    let request = backends::perhaps_again(backends::within(AUTH, request), is_named);
    let reply = backends::answer(AUTH, auth.register(request)).await?;
    let (Some(account), Some(tokens)) = (reply.account, reply.tokens) else {
        return Err(ApiError::internal());
    };
    let user = UserReply { id: account.id, username: account.username };
    let registered = RegisterReply { user, token: tokens.access, refresh: tokens.refresh };
    let mut response = (StatusCode::CREATED, Json(registered)).into_response();
    idempotency::mark(&mut response, reply.replayed);
    Ok(response)
}

#[derive(Serialize)]
pub(crate) struct LoginReply {
    access: String,
    refresh: String,
}

/// Logs an account in. The name is trimmed, as it always was; the password never is.
pub(crate) async fn login(
    Auth(mut auth): Auth,
    Body(body): Body,
) -> Result<Json<LoginReply>, ApiError> {
    let [username, password] = fields::required(&body, ["username", "password"])?;
    let username = username.trim().to_owned();
    let request = backends::within(AUTH, pb::LogInRequest { username, password });
    let reply = backends::answer(AUTH, auth.log_in(request)).await?;
    let tokens = reply.tokens.ok_or_else(ApiError::internal)?;
    Ok(Json(LoginReply { access: tokens.access, refresh: tokens.refresh }))
}

#[derive(Serialize)]
pub(crate) struct RefreshReply {
    access: String,
    /// Only where refresh tokens change with each use.
    #[serde(skip_serializing_if = "String::is_empty")]
    refresh: String,
}

/// Exchanges a refresh token for an access token, and for another refresh token if asked to.
pub(crate) async fn refresh(
    Auth(mut auth): Auth,
    Body(body): Body,
) -> Result<Json<RefreshReply>, ApiError> {
    let [refresh] = fields::required(&body, ["refresh"])?;
    let refresh = refresh.trim().to_owned();
    let rotate = fields::flag(&body, "rotate")?.unwrap_or_default();
    let request = backends::within(AUTH, pb::RefreshRequest { refresh, rotate });
    let reply = backends::answer(AUTH, auth.refresh(request)).await?;
    Ok(Json(RefreshReply { access: reply.access, refresh: reply.refresh }))
}
