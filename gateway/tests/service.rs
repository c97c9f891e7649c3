//! The gateway over real HTTP, in front of real gRPC servers whose answers each test writes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop"
)]

mod service {
    // What the tests are made of.
    mod answer;
    mod backend;
    mod expected;
    mod raw;
    mod rpc;
    mod services;
    mod telling;
    mod world;

    // The tests.
    mod bodies;
    mod broken_streams;
    mod browsers;
    mod client_address;
    mod crisis_resources;
    mod disclosure;
    mod drain;
    mod errors;
    mod export;
    mod forwarding;
    mod health;
    mod help;
    mod idempotency;
    mod limits;
    mod listing;
    mod outages;
    mod own_account;
    mod pages;
    mod preferences;
    mod quotas;
    mod request_ids;
    mod revocations;
    mod safety;
    mod safety_errors;
    mod sessions;
    mod shapes;
    mod signing_keys;
    mod slow_clients;
    mod streaming;
    mod turns;
    mod words;
}
