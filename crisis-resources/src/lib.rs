//! Whom to call: help lines and emergency numbers by region, compiled in.
//!
//! This crate owns every phone number and address that the product may put in front of somebody in
//! danger. Nothing is read at run time, so that help is there when the database, the network or the
//! language model is not. What is not in here is not offered, and the output guard takes it out of
//! what a model says ([`knows_number`], [`knows_host`]).
//!
//! # The data
//! `data/emergency.toml` has the regions with their emergency numbers, `data/lines/*.toml` the help
//! lines, `data/sources.toml` where the facts come from, `data/directories.toml` the lists that help
//! anywhere. **No number was called.** Each line says which sources have it, how good they are
//! ([`Grade`]) and when the newest of them looked (`verified_at`).
//!
//! # To add or check an entry again
//! 1. Open the official page of the line, not a list of lines. For a number without a page, find two
//!    sources that do not copy each other.
//! 2. Write the number as people dial it at home. Short numbers have no country code: `116 123`,
//!    never `+44 116 123`. A second number is a second entry, so that it is known as a number too.
//! 3. Put the source into `data/sources.toml`, its id into the entry, the day into `verified_at`.
//!    Grade `A` is an official page seen within twelve months, `B` is two sources that agree or one
//!    from the last weeks. Anything less stays out: the emergency number and a directory are better
//!    than a number nobody answers.
//! 4. `cargo test -p crisis-resources`. A test fails for entries older than twelve months and names
//!    them; an entry that cannot be checked again is deleted.
//!
//! Lines of a region are offered in the order of the file: the one for everybody goes first.
//!
//! A wrong country is worse than none: where the region is not certain, use [`anywhere`].

mod accept_language;
mod contacts;
mod problem;
mod region;
mod registry;

pub use accept_language::{accepted_languages, accepted_region};
pub use contacts::{knows_host, knows_number};
pub use problem::Problem;
pub use region::{Directory, Grade, Line, Region, Sms};

/// Whether the compiled-in data can be used. Services call it at start and refuse to start on an
/// error; without data, the functions below know no region and no number.
///
/// # Errors
/// The first thing wrong with the data.
pub fn check() -> Result<(), Problem> {
    registry::check()
}

/// All regions, by code.
pub fn regions() -> impl Iterator<Item = &'static Region> {
    registry::get().regions.iter()
}

/// The region with this ISO 3166-1 alpha-2 code, in any letter case. `UK` is understood as `GB`.
#[must_use]
pub fn region(code: &str) -> Option<&'static Region> {
    let code = if code.eq_ignore_ascii_case("UK") { "GB" } else { code };
    regions().find(|region| region.code.eq_ignore_ascii_case(code))
}

/// What fits when nobody knows where the person is: no numbers, just the [`directories`].
#[must_use]
pub fn anywhere() -> &'static Region {
    &registry::get().anywhere
}

/// Lists of help lines all over the world.
#[must_use]
pub fn directories() -> &'static [Directory] {
    &registry::get().directories
}
