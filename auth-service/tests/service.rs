//! The auth service over real gRPC.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod service {
    mod accounts;
    mod harness;
    mod passwords;
    mod privacy;
    mod repeats;
    mod starts;
    mod tokens;
}
