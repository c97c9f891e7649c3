//! The auth service and the chat service, as scripts.

mod auth;
mod chat;

pub(crate) use auth::Auth;
pub(crate) use chat::{Chat, Events, Items, turn};
