//! What stands around a sign: a denial, a time, a joke, a plan.

use std::ops::Range;

use super::Judge;
use crate::safety::language::Language;
use crate::safety::rules::{Cue, Flag, Hit, Rule};
use crate::safety::tier::{Category, Tier};
use crate::safety::tokens::Break;

/// How many words before a hit are looked at for a denial.
const REACH: usize = 6;
/// How many words may stand before a hit that names nobody.
const BARE: usize = 3;
/// As [`BARE`], where each character counts as a word.
const BARE_CHARACTERS: usize = 8;
/// How many words around a hit are its sentence, at most.
const AROUND: usize = 40;

/// Where a hit stands, and in which language.
pub(super) struct Place {
    pub(super) rule: &'static Rule,
    pub(super) hit: Hit,
    /// The words of its clause, and of its sentence.
    pub(super) clause: Range<usize>,
    pub(super) sentence: Range<usize>,
}

impl Place {
    pub(super) fn bare(&self) -> usize {
        if self.rule.language == Language::Chinese { BARE_CHARACTERS } else { BARE }
    }

    pub(super) fn last(&self) -> usize {
        self.hit.end.saturating_sub(1)
    }
}

impl Judge<'_> {
    /// The words around a hit up to a break of a kind.
    pub(super) fn around(&self, hit: Hit, until: Break) -> Range<usize> {
        let breaks = |at: &usize| self.words.get(*at).is_some_and(|word| word.before >= until);
        let first = hit.start.saturating_sub(AROUND);
        let start = (first..=hit.start).rev().find(breaks).unwrap_or(first);
        let last = (hit.end + AROUND).min(self.words.len());
        let end = (hit.end..last).find(breaks).unwrap_or(last);
        start..end
    }

    pub(super) fn has(&self, place: &Place, at: usize, cue: Cue) -> bool {
        let marks = self.found.marks.get(at).and_then(|it| it.get(place.rule.language as usize));
        marks.is_some_and(|marks| marks & cue.bit() != 0)
    }

    pub(super) fn any(&self, place: &Place, range: &Range<usize>, cue: Cue) -> bool {
        range.clone().any(|at| self.has(place, at, cue))
    }

    /// Whether the words before a hit take it back. A hit that begins with its own subject ("I want
    /// to die") is taken back only as a whole ("I'm not saying that I want to die").
    pub(super) fn is_denied(&self, place: &Place) -> bool {
        if place.rule.is(Flag::Negated) {
            return false;
        }
        let is_whole = self.has(place, place.hit.start, Cue::Own);
        let mut reach = REACH;
        for at in (place.clause.start..place.hit.start).rev() {
            if self.has(place, at, Cue::Negation) {
                return !self.has(place, at, Cue::Affirmed);
            }
            let goes_on = if is_whole {
                self.has(place, at, Cue::Bridge)
            } else {
                !self.has(place, at, Cue::Stop)
            };
            reach -= 1;
            if !goes_on || reach == 0 {
                return false;
            }
        }
        false
    }

    /// Whether the words after a hit take it back: "suicide is not an option".
    pub(super) fn is_refuted(&self, place: &Place) -> bool {
        let near = place.hit.end..(place.hit.end + 3).min(place.sentence.end);
        near.clone().any(|at| self.has(place, at, Cue::Refuted))
    }

    /// Whether a denial or somebody else stands between the words of a hit.
    pub(super) fn is_crossed(&self, place: &Place) -> bool {
        let crosses = |at: usize| {
            let is = |cue| self.has(place, at, cue);
            is(Cue::Other) || is(Cue::People) || (is(Cue::Negation) && !is(Cue::Affirmed))
        };
        (place.hit.start..place.hit.end).any(crosses)
    }

    /// What a tier is if it was long ago.
    pub(super) fn in_time(&self, place: &Place, tier: Tier, signs: u32) -> Tier {
        let is_past = !place.rule.is(Flag::Timeless)
            && self.any(place, &place.sentence, Cue::Past)
            && !self.any(place, &place.clause, Cue::Present);
        if !is_past {
            return tier;
        }
        let is_over = signs & Cue::Recovered.bit() != 0;
        match tier {
            Tier::Imminent | Tier::High if !is_over => Tier::Elevated,
            _ => Tier::Low,
        }
    }

    pub(super) fn is_joke(&self, place: &Place) -> bool {
        let near = place.sentence.start..(place.sentence.end + 2).min(self.words.len());
        if self.any(place, &near, Cue::Serious) {
            return false;
        }
        self.any(place, &near, Cue::Laugh) || {
            let token = |at: usize| self.words.get(at).map_or(usize::MAX, |word| word.token);
            self.laughs
                .range(token(place.hit.start)..=token(place.sentence.end).saturating_add(1))
                .next()
                .is_some()
        }
    }

    /// Whether there is a time, means or a plan.
    pub(super) fn is_soon(&self, place: &Place, signs: u32) -> bool {
        let about_self = place.rule.category == Category::SelfHarm;
        about_self
            && ((place.rule.is(Flag::Act) && self.any(place, &place.sentence, Cue::Soon))
                || signs & (Cue::Plan.bit() | Cue::AtHand.bit()) != 0)
    }
}
