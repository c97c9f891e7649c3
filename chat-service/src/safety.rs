//! Signs of danger in what a person writes, and help for them.
//!
//! Pure and in memory, so that nothing which may be down stands between a person and help:
//! `screening` judges a message by rules, `conversation` by what was said before, `notice` is what
//! goes with the reply, `words` are written in advance, and `guard` judges what the model says. It is
//! a floor under the model's own judgement: the model may find more, and never less.

mod conversation;
pub(crate) mod guard;
pub(crate) mod guidance;
mod language;
mod letters;
mod notice;
mod pattern;
pub mod reader;
mod rules;
pub mod score;
mod screening;
mod slips;
mod spelling;
mod tier;
mod tokens;
mod vocabulary;
pub(crate) mod words;

pub(crate) use letters::last;
pub(crate) use notice::{Display, Notice, Whereabouts};

pub use conversation::{Conversation, Heard};
pub use language::Language;
pub use screening::{
    Screening, folded_words, is_corrected, is_mistaken, reconsider, screen, screen_closely,
};
pub use tier::{Category, Tier};

/// Whether rules, words and help lines can be read. Nobody serves without them.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check() -> Result<(), String> {
    // Rules and encoder take longest to read, so they are read at the same time.
    std::thread::scope(|scope| {
        let reader = scope.spawn(reader::check);
        screening::check()?;
        words::check()?;
        guard::check()?;
        crisis_resources::check().map_err(|problem| problem.to_string())?;
        reader.join().map_err(|_| "the encoder cannot be read".to_owned())?
    })
}
