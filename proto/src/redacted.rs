//! `Debug` for messages that hold secrets: the name, and nothing of what is inside.

use std::fmt;

use crate::{auth, chat};

macro_rules! redacted {
    ($($message:ty),* $(,)?) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message)).finish_non_exhaustive()
            }
        }
    )*};
}

redacted!(
    auth::v1::TokenPair,
    auth::v1::RegisterRequest,
    auth::v1::LogInRequest,
    auth::v1::RefreshRequest,
    auth::v1::RefreshResponse,
    auth::v1::VerifyTokenRequest,
    auth::v1::LogOutRequest,
    auth::v1::ChangePasswordRequest,
    auth::v1::ChangePasswordResponse,
    auth::v1::DeleteAccountRequest,
    chat::v1::Message,
    chat::v1::SendMessageRequest,
    chat::v1::EditMessageRequest,
    chat::v1::turn_event::Delta,
    chat::v1::Feedback,
    chat::v1::SearchMessagesRequest,
    chat::v1::search_messages_response::Hit,
    chat::v1::Session,
    chat::v1::CreateSessionRequest,
    chat::v1::UpdateSessionRequest,
    chat::v1::GetContextRequest,
    chat::v1::get_context_response::Entry,
);
