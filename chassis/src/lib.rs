//! How a service lives: settings, logs, shutdown, serving, request ids, statuses.
//!
//! A service is a function of a listener, a config and a stop signal. This crate holds what any
//! such function needs and nothing of what it is for: the test for admission is whether another
//! product's service would want it unchanged.

mod answers;
pub mod authority;
pub mod checkup;
pub mod clock;
pub mod ending;
mod frames;
pub mod grpc;
pub mod healthcheck;
pub mod http;
pub mod identity;
mod listener;
pub mod preparation;
pub mod process;
pub mod request_id;
pub mod secret_file;
pub mod settings;
pub mod spread;
pub mod status;
pub mod tasks;
pub mod telemetry;
