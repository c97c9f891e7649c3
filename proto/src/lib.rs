//! What the services say to each other.
//!
//! The contracts are the `.proto` files beside this crate; this is the code generated from them,
//! clients and servers alike, and the descriptors that reflection serves.

mod redacted;

/// What the services are called, wherever they show who they are.
pub mod services {
    /// Has the accounts.
    pub const AUTH: &str = "auth-service";
    /// Has the conversations.
    pub const CHAT: &str = "chat-service";
    /// Stands between people and the others.
    pub const GATEWAY: &str = "gateway";
}

/// `aibuddy.auth`: accounts and tokens.
pub mod auth {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        reason = "generated; the comments of the .proto files are its documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("aibuddy.auth.v1");
    }
    /// Domain of the error reasons in `google.rpc.ErrorInfo`.
    pub const DOMAIN: &str = "auth.aibuddy";
    /// Metadata in which a service that stands between people and this one says for whom it asks: an
    /// address.
    pub const CLIENT_METADATA: &str = "x-client-address";
}

/// `aibuddy.chat`: conversations.
pub mod chat {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        reason = "generated; the comments of the .proto files are its documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("aibuddy.chat.v1");
    }
    /// Domain of the error reasons in `google.rpc.ErrorInfo`.
    pub const DOMAIN: &str = "chat.aibuddy";
    /// Metadata of an error, with an encoded [`v1::Safety`]: the person may be in danger.
    pub const SAFETY_METADATA: &str = "safety-bin";
}

/// The encoded `FileDescriptorSet` of all contracts, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// What all `ErrorReason` names begin with in the `.proto` files, and never on the wire.
const REASON_PREFIX: &str = "ERROR_REASON_";

impl auth::v1::ErrorReason {
    /// The reason as `google.rpc.ErrorInfo` carries it: `USERNAME_TAKEN`.
    #[must_use]
    pub fn as_reason(self) -> &'static str {
        self.as_str_name().trim_start_matches(REASON_PREFIX)
    }

    /// Reads what [`Self::as_reason`] wrote; `None` for a reason this version does not know.
    #[must_use]
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::from_str_name(&format!("{REASON_PREFIX}{reason}"))
    }
}

impl chat::v1::ErrorReason {
    /// The reason as `google.rpc.ErrorInfo` carries it: `SESSION_NOT_FOUND`.
    #[must_use]
    pub fn as_reason(self) -> &'static str {
        self.as_str_name().trim_start_matches(REASON_PREFIX)
    }

    /// Reads what [`Self::as_reason`] wrote; `None` for a reason this version does not know.
    #[must_use]
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::from_str_name(&format!("{REASON_PREFIX}{reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_of_secret_messages_has_no_secret() {
        let secret = "hunter2-canary".to_owned();
        let tokens = auth::v1::TokenPair { access: secret.clone(), refresh: secret.clone() };
        let printed = [
            format!(
                "{:?}",
                auth::v1::RegisterResponse { tokens: Some(tokens), ..Default::default() }
            ),
            format!(
                "{:?}",
                auth::v1::LogInRequest { username: secret.clone(), password: secret.clone() }
            ),
            format!(
                "{:?}",
                chat::v1::SendMessageRequest { text: secret.clone(), ..Default::default() }
            ),
            format!(
                "{:?}",
                chat::v1::SendMessageResponse {
                    ai_message: Some(chat::v1::Message { text: secret, ..Default::default() }),
                    ..Default::default()
                }
            ),
        ];
        for text in printed {
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn reasons_travel_without_their_prefix() {
        let reason = auth::v1::ErrorReason::UsernameTaken;
        assert_eq!(reason.as_reason(), "USERNAME_TAKEN");
        assert_eq!(auth::v1::ErrorReason::from_reason("USERNAME_TAKEN"), Some(reason));
        assert_eq!(chat::v1::ErrorReason::from_reason("USERNAME_TAKEN"), None);
    }
}
