//! Whom a sign is about: the person, somebody else, or nobody.

use super::Judge;
use super::place::Place;
use crate::safety::rules::{Cue, Flag, Hit};
use crate::safety::tier::Tier;

/// Whom something is about.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Own,
    Other,
    /// People in general, somebody in a story.
    Nobody,
}

impl Judge<'_> {
    /// Whom a hit is about.
    pub(super) fn subject(&self, place: &Place) -> Subject {
        let Hit { start, end, .. } = place.hit;
        let is_quoted = self.words.get(start).is_some_and(|word| word.is_quoted);
        if is_quoted && self.any(place, &place.sentence, Cue::Story) {
            return Subject::Nobody;
        }
        if self.is_told(place, is_quoted) {
            return Subject::Other;
        }
        // Who is named in it, or the nearest before it in its sentence.
        let who = |at: usize| {
            let is = |cue| self.has(place, at, cue);
            match () {
                () if is(Cue::Own) => Some(Subject::Own),
                () if is(Cue::People) => Some(Subject::Nobody),
                () if is(Cue::Other) => Some(Subject::Other),
                () if is(Cue::Mine) => Some(Subject::Own),
                () => None,
            }
        };
        // In a hint, "me" is who it is about; in a deed, it may be whom somebody does it to.
        let is_hint = place.rule.tier == Tier::Elevated;
        let is_own = (start..end)
            .any(|at| self.has(place, at, Cue::Own) || (is_hint && self.has(place, at, Cue::Mine)));
        let others = |subject: &Subject| matches!(subject, Subject::Other);
        let first = || who(start).filter(others);
        let before = || (place.sentence.start..start).rev().find_map(who);
        let named = if is_own { Some(Subject::Own) } else { first().or_else(before) };
        if self.any(place, &place.sentence, Cue::Game) {
            return Subject::Nobody;
        }
        match named {
            Some(Subject::Own) => Subject::Own,
            _ if self.any(place, &place.sentence, Cue::Story) => Subject::Nobody,
            _ if place.rule.is(Flag::AnySubject) => Subject::Own,
            Some(other) => other,
            // "Want to die" is about the person, "those who deserve death" is not.
            None if start <= place.clause.start + place.bare() => Subject::Own,
            None if self.any(place, &place.sentence, Cue::Own)
                || self.any(place, &place.sentence, Cue::Mine) =>
            {
                Subject::Own
            }
            None => Subject::Nobody,
        }
    }

    /// Whether somebody else's words are told: "she wrote I want to die".
    fn is_told(&self, place: &Place, is_quoted: bool) -> bool {
        let (start, first) = (place.hit.start, place.sentence.start);
        // Without marks, only what stands right before "I" says that the words are told.
        let is_begun = is_quoted || self.has(place, start, Cue::Own);
        let near = if is_quoted { first } else { start.saturating_sub(1).max(first) };
        let is_other = |at: usize| {
            let is = |cue| self.has(place, at, cue);
            (is(Cue::Other) || is(Cue::People)) && !is(Cue::Own)
        };
        let is_own = |at: usize| self.has(place, at, Cue::Own);
        is_begun
            && self.any(place, &(near..start), Cue::Report)
            && (first..start).any(is_other)
            && (is_quoted || !(first..start).any(is_own))
    }
}
