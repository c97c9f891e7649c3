//! Compiles the contracts without protoc.

use std::error::Error;
use std::path::PathBuf;

use prost::Message as _;

/// Messages that hold a password, a token or what somebody said: a derived `Debug` would print it.
/// `src/redacted.rs` gives each of them one that does not.
const SECRET: [&str; 22] = [
    "aibuddy.auth.v1.TokenPair",
    "aibuddy.auth.v1.RegisterRequest",
    "aibuddy.auth.v1.LogInRequest",
    "aibuddy.auth.v1.RefreshRequest",
    "aibuddy.auth.v1.RefreshResponse",
    "aibuddy.auth.v1.VerifyTokenRequest",
    "aibuddy.auth.v1.LogOutRequest",
    "aibuddy.auth.v1.ChangePasswordRequest",
    "aibuddy.auth.v1.ChangePasswordResponse",
    "aibuddy.auth.v1.DeleteAccountRequest",
    "aibuddy.chat.v1.Message",
    "aibuddy.chat.v1.SendMessageRequest",
    "aibuddy.chat.v1.EditMessageRequest",
    "aibuddy.chat.v1.TurnEvent.Delta",
    "aibuddy.chat.v1.Feedback",
    "aibuddy.chat.v1.SearchMessagesRequest",
    "aibuddy.chat.v1.SearchMessagesResponse.Hit",
    "aibuddy.chat.v1.Session",
    "aibuddy.chat.v1.CreateSessionRequest",
    "aibuddy.chat.v1.UpdateSessionRequest",
    "aibuddy.chat.v1.GetContextRequest",
    "aibuddy.chat.v1.GetContextResponse.Entry",
];

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder this way")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=aibuddy");
    let files = [
        "aibuddy/auth/v1/auth_service.proto",
        "aibuddy/auth/v1/revocations.proto",
        "aibuddy/chat/v1/chat_service.proto",
        "aibuddy/chat/v1/safety.proto",
        "aibuddy/chat/v1/user_data.proto",
    ];
    let descriptors = protox::compile(files, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .skip_debug(SECRET)
        // Far larger than what else an export tells.
        .boxed("aibuddy.chat.v1.ExportItem.item.turn")
        .compile_fds(descriptors)?;
    Ok(())
}
