//! Answers until they are taken: whether a client takes what it asked for, and how much lies here until it
//! does.

mod answer;
mod backlog;
mod pace;

pub(crate) use backlog::Backlog;
pub(crate) use pace::Pace;
