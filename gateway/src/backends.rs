//! The services behind the gateway, and how long each is waited for.

mod auth;

use std::future::Future;
use std::time::Duration;

use chassis::grpc::{self, Address, Channel, Room};
use chassis::identity::Identity;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::services;
use tonic::{Request, Response, Status};

use crate::error::ApiError;

pub(crate) use auth::Auth;

/// For what the auth service does, waiting for a password to be hashed included.
pub(crate) const AUTH: Duration = Duration::from_secs(5);
/// For what changes a password or needs one to be done: waiting for a place, hashing twice, telling everybody
/// that tokens have ended. What is done must not be answered as if it were not.
pub(crate) const PROOF: Duration = Duration::from_secs(15);
/// For reading, and for whatever else needs no language model.
pub(crate) const READ: Duration = Duration::from_secs(5);
/// For a turn: longer than the model may take in all.
pub(crate) const SEND: Duration = Duration::from_mins(1);

/// Most that a service answers in one message, in bytes: a page of the longest messages.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;
/// What a service sends ahead of what was read: nobody who stops reading takes the room of others. An error
/// may bring all help lines of a country.
const ROOM: Room = Room { call: 128 * 1024, connection: 1 << 30, headers: 64 * 1024 };

/// The services behind the gateway. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Backends {
    /// For what takes long: turns, and everything at once.
    pub(crate) turns: ChatServiceClient<Channel>,
    /// For what is quick, on a connection of its own: however many turns wait, nobody reads behind them.
    pub(crate) reads: ChatServiceClient<Channel>,
    /// For [`Auth`], which says for whom it asks.
    pub(crate) auth_channel: Channel,
    /// For looking whether it is well.
    pub(crate) chat_channel: Channel,
}

impl Backends {
    pub(crate) fn new(auth_channel: Channel, chat: Address, identity: &Identity) -> Self {
        let client =
            |channel| ChatServiceClient::new(channel).max_decoding_message_size(MAX_RESPONSE_BYTES);
        let chat = chat.with_room(ROOM);
        let connect = |chat| grpc::connect_lazily(chat, identity, services::CHAT);
        let chat_channel = connect(chat.clone());
        Self {
            turns: client(connect(chat)),
            reads: client(chat_channel.clone()),
            auth_channel,
            chat_channel,
        }
    }
}

/// A request that tells its deadline to the service.
pub(crate) fn within<T>(budget: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(budget);
    request
}

/// A request that is made again on another replica if its answer got lost. It must have a name by which the
/// service knows it, or it `is_named` not and is made once.
pub(crate) fn perhaps_again<T>(request: Request<T>, is_named: bool) -> Request<T> {
    if is_named { grpc::repeatable(request) } else { request }
}

/// Waits for an answer for the length of `budget`: the transport's own timeout does not cover
/// everything that can hang.
pub(crate) async fn answer<T>(
    budget: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(budget, call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(status.into()),
        Err(_) => Err(ApiError::timeout()),
    }
}
