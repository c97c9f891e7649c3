//! Journeys of people through the whole product.
#![expect(clippy::unwrap_used, reason = "a journey that cannot go on should stop")]

mod accounts;
mod attacks;
mod boundaries;
mod canaries;
mod contract;
mod conversations;
mod crowds;
mod deployment;
mod docs;
mod endings;
mod faults;
mod journeys;
mod kills;
mod limits;
mod long_sessions;
mod own_data;
mod privacy;
mod processes;
mod readme;
mod repeats;
mod replicas;
mod rlimits;
mod safety;
mod shutdowns;
mod stops;
mod streams;
mod telemetry;
