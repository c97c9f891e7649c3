//! Journeys of people through the whole product.
#![expect(clippy::unwrap_used, reason = "a journey that cannot go on should stop")]

mod accounts;
mod attacks;
mod backups;
mod boundaries;
mod canaries;
mod contract;
mod conversations;
mod crashes;
mod crowds;
mod deployment;
mod docs;
mod endings;
mod faults;
mod growth;
mod hang_ups;
mod journeys;
mod kills;
mod kubernetes;
mod limits;
mod long_sessions;
mod own_data;
mod privacy;
mod processes;
mod readme;
mod repeats;
mod replicas;
mod rlimits;
mod runbook;
mod safety;
mod shutdowns;
mod stops;
mod streams;
mod telemetry;
