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
    mod world;

    // The tests.
    mod bodies;
    mod browsers;
    mod drain;
    mod errors;
    mod forwarding;
    mod health;
    mod limits;
    mod listing;
    mod outages;
    mod request_ids;
    mod shapes;
    mod slow_clients;
}
