//! Journeys of people through the whole product.
#![expect(clippy::unwrap_used, reason = "a journey that cannot go on should stop")]

mod boundaries;
mod contract;
mod crowds;
mod journeys;
mod kills;
mod long_sessions;
mod privacy;
mod processes;
