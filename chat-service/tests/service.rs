//! The chat service over real gRPC, between an auth service that only gives out keys and a stub
//! language model.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::print_stdout, reason = "some tests measure, and say what")]

mod service {
    mod branches;
    mod callers;
    mod conversations;
    mod harness;
    mod keeping;
    mod lines;
    mod model;
    mod purge;
    mod reader;
    mod repeats;
    mod replicas;
    mod safety;
    mod stopping;
    mod streaming;
    mod troubles;
    mod upkeep;
}
