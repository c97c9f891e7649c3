//! Measures what the crisis layer hears.
//!
//! Reads labelled sentences and conversations, has each one heard as the chat service would hear it,
//! and says how much is found, how often it is a false alarm, what disguises get past it, and how
//! long it takes. Every share comes with its interval, every file with its hash.

pub mod bench;
pub mod dice;
pub mod hearing;
pub mod metamorphic;
pub mod misses;
pub mod ordinary;
pub mod passages;
pub mod report;
pub mod rows;
pub mod shares;
pub mod table;
pub mod training;
pub mod transformations;
