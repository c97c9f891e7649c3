//! The auth service over real gRPC.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod service {
    mod accounts;
    mod commands;
    mod harness;
    mod keys;
    mod limits;
    mod logins;
    mod logs;
    mod passwords;
    mod privacy;
    mod races;
    mod repeats;
    mod revocations;
    mod starts;
    mod tokens;
    mod upkeep;
    mod users;
    mod verifiers;
}
