//! A chat-completions server for tests.
//!
//! It is a real HTTP server on a port of its own. It speaks the OpenAI-compatible protocol, plain
//! and streamed, writes down every request it hears, and fails in whatever way it is told to.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use openai_stub::{Behaviour, Stub};
//!
//! let stub = Stub::start().await?;
//! stub.next([Behaviour::server_error(), Behaviour::reply("Here I am again.")]);
//! // ... point a client at stub.base_url() and let it ask ...
//! let heard = stub.heard_at_least(2).await;
//! assert_eq!(heard[0].messages, heard[1].messages);
//! # Ok(())
//! # }
//! ```

mod answer;
mod behaviour;
mod heard;
mod ledger;
mod paper;
mod plain;
mod server;
mod steering;
mod streamed;
mod stub;
mod telling;

pub use behaviour::{Behaviour, DEFAULT_REPLY, DEFAULT_VERDICT, REFUSAL};
pub use heard::Heard;
pub use stub::Stub;
