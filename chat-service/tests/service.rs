//! The chat service over real gRPC, between an auth service that only gives out keys and a stub
//! language model.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod service {
    mod callers;
    mod conversations;
    mod harness;
    mod model;
}
