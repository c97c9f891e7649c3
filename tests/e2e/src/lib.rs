//! The product, started for one test, and the people who use it.
//!
//! `let ada = product.register("ada").await; ada.say("hello").await`
#![expect(clippy::expect_used, clippy::panic, reason = "a journey that cannot go on should stop")]

mod answer;
mod apart;
mod collector;
mod crashes;
mod dice;
mod kept;
mod load;
mod numbers;
mod process;
mod product;
mod reader;
mod twins;
mod user;

pub use answer::Answer;
pub use apart::Apart;
pub use collector::{Collector, Span};
pub use crashes::{Crash, crash_again_and_again};
pub use dice::Dice;
pub use kept::Kept;
pub use load::{Load, Seen};
pub use numbers::Numbers;
pub use process::{Process, free_address, program};
pub use product::{Product, http_client};
pub use reader::{Event, Reader};
pub use scratch::Server;
pub use twins::Twins;
pub use user::User;
