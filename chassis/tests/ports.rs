//! gRPC ports as other services, strangers and broken clients meet them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod ports {
    mod certificates;
    mod clients;
    mod http;
    mod late;
    mod limits;
    mod plain;
    mod replicas;
    mod stage;
}
