//! What the rules that were found in a message add up to.
//!
//! A hit is judged where it stands: a denial, another person, a past, a joke takes it back only on
//! evidence in its own clause, and takes back nothing else. What is taken back was still mentioned.

use std::collections::BTreeSet;

use super::language::Language;
use super::rules::{Cue, Flag, Found, Hit, RULES, Rule, Rules};
use super::spelling::Word;
use super::tier::{Category, Tier};
use super::tokens::{Break, Tokens};

/// How many words before a hit are looked at for a denial.
const REACH: usize = 6;
/// How many words may stand before a hit that names nobody.
const BARE: usize = 3;
/// As [`BARE`], where each character counts as a word.
const BARE_CHARACTERS: usize = 8;
/// How many words around a hit are its sentence, at most.
const AROUND: usize = 40;

/// What a message says by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screening {
    /// How grave it is.
    pub tier: Tier,
    /// What it is about, if it is grave at all.
    pub categories: Vec<Category>,
    /// The rules that decided, by their ids.
    pub rules: Vec<&'static str>,
    /// The language of what was found.
    pub language: Option<Language>,
    /// Whether something was done already.
    pub is_done: bool,
    /// What it says about the conversation it is part of.
    pub(super) signs: u32,
}

impl Screening {
    pub(super) fn has(&self, cue: Cue) -> bool {
        self.signs & cue.bit() != 0
    }
}

/// Looks for danger in a message. Pure and in memory: nothing that may be down stands between a
/// person and help. Takes time in proportion to the length of the text.
#[must_use]
pub fn screen(text: &str) -> Screening {
    // Nobody serves with rules that cannot be read: see `check`.
    RULES.as_ref().map(|rules| Judge::of(rules, text).sum_up()).unwrap_or_default()
}

/// Whether an ordinary word, in lower case, would be taken for a word of the rules if the list of
/// ordinary words (`rules/ordinary.txt`) did not hold it: what that list is made with.
#[must_use]
pub fn is_mistaken(word: &str) -> bool {
    RULES.as_ref().is_ok_and(|rules| rules.spelling.is_mistaken(word))
}

/// Tells whether the rules can be read.
///
/// # Errors
/// What is wrong with them.
pub(super) fn check() -> Result<(), String> {
    RULES.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// A message and what was found in it.
struct Judge {
    rules: &'static Rules,
    words: Vec<Word>,
    found: Found,
    /// Words before which somebody laughs.
    laughs: BTreeSet<usize>,
}

/// Where a hit stands, and in which language.
struct Place {
    rule: &'static Rule,
    hit: Hit,
    /// The words of its clause, and of its sentence.
    clause: std::ops::Range<usize>,
    sentence: std::ops::Range<usize>,
}

impl Judge {
    fn of(rules: &'static Rules, text: &str) -> Self {
        let tokens = Tokens::of(text);
        let words = rules.spelling.read(&tokens);
        let found = rules.find(&words);
        Self { rules, words, found, laughs: tokens.laughs.into_iter().collect() }
    }

    fn sum_up(self) -> Screening {
        let mut sum = Screening::default();
        let (mut categories, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for marks in &self.found.marks {
            sum.signs |= marks.iter().fold(0, |all, marks| all | marks);
        }
        let mut best: Vec<(Tier, &'static Rule)> = Vec::new();
        for hit in &self.found.hits {
            let Some(rule) = self.rules.all.get(hit.rule) else { continue };
            let tier = self.judge(rule, *hit, sum.signs);
            best.push((tier, rule));
        }
        sum.tier = best.iter().map(|(tier, _)| *tier).max().unwrap_or_default();
        for (tier, rule) in best {
            // What is less grave than the rest by more than a step adds nothing to say.
            if tier >= Tier::Third && (tier == sum.tier || tier >= Tier::Elevated) {
                categories.insert(rule.category);
            }
            if tier == sum.tier {
                ids.insert(rule.id.as_str());
                sum.language.get_or_insert(rule.language);
                sum.is_done |= tier == Tier::Imminent && rule.is(Flag::Done);
            }
        }
        sum.categories = categories.into_iter().collect();
        sum.rules = ids.into_iter().collect();
        sum
    }

    fn judge(&self, rule: &'static Rule, hit: Hit, signs: u32) -> Tier {
        let place = Place {
            rule,
            hit,
            clause: self.around(hit, Break::Soft),
            sentence: self.around(hit, Break::Hard),
        };
        let tier = rule.tier;
        if self.has(&place, place.last(), Cue::Figure)
            || self.is_denied(&place)
            || self.is_refuted(&place)
        {
            return Tier::Low;
        }
        if rule.is(Flag::Ambiguous) && signs & Cue::Relation.bit() != 0 {
            return Tier::Low;
        }
        if rule.is(Flag::Loose) && self.is_crossed(&place) {
            return Tier::Low;
        }
        let is_me = signs & Cue::IsMe.bit() != 0;
        if rule.is(Flag::Assented) {
            let is_meant = signs & Cue::Assent.bit() != 0 || is_me;
            let is_own = matches!(self.subject(&place), Subject::Own) || is_me;
            return if is_meant && is_own { Tier::High } else { Tier::Low };
        }
        if tier == Tier::Third && is_me {
            return Tier::High;
        }
        if tier == Tier::Third {
            let told = self.any(&place, &place.sentence, Cue::Story)
                || self.any(&place, &place.sentence, Cue::Past);
            return if told { Tier::Low } else { tier };
        }
        match self.subject(&place) {
            Subject::Own => {}
            Subject::Other if is_me => {}
            Subject::Other
                if rule.category == Category::SelfHarm
                    && !self.any(&place, &place.sentence, Cue::Story) =>
            {
                return Tier::Third;
            }
            Subject::Other | Subject::Nobody => return Tier::Low,
        }
        let tier = self.in_time(&place, tier, signs);
        let is_joke = !rule.is(Flag::Literal) && self.is_joke(&place);
        match tier {
            Tier::Imminent | Tier::High if is_joke => Tier::Elevated,
            Tier::Elevated if is_joke => Tier::Low,
            Tier::High if self.is_soon(&place, signs) => Tier::Imminent,
            tier => tier,
        }
    }

    /// The words around a hit up to a break of a kind.
    fn around(&self, hit: Hit, until: Break) -> std::ops::Range<usize> {
        let breaks = |at: &usize| self.words.get(*at).is_some_and(|word| word.before >= until);
        let first = hit.start.saturating_sub(AROUND);
        let start = (first..=hit.start).rev().find(breaks).unwrap_or(first);
        let last = (hit.end + AROUND).min(self.words.len());
        let end = (hit.end..last).find(breaks).unwrap_or(last);
        start..end
    }

    fn has(&self, place: &Place, at: usize, cue: Cue) -> bool {
        let marks = self.found.marks.get(at).and_then(|it| it.get(place.rule.language as usize));
        marks.is_some_and(|marks| marks & cue.bit() != 0)
    }

    fn any(&self, place: &Place, range: &std::ops::Range<usize>, cue: Cue) -> bool {
        range.clone().any(|at| self.has(place, at, cue))
    }

    /// Whether the words before a hit take it back. A hit that begins with its own subject ("I want
    /// to die") is taken back only as a whole ("I'm not saying that I want to die").
    fn is_denied(&self, place: &Place) -> bool {
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
    fn is_refuted(&self, place: &Place) -> bool {
        let near = place.hit.end..(place.hit.end + 3).min(place.sentence.end);
        near.clone().any(|at| self.has(place, at, Cue::Refuted))
    }

    /// Whether a denial or somebody else stands between the words of a hit.
    fn is_crossed(&self, place: &Place) -> bool {
        let crosses = |at: usize| {
            let is = |cue| self.has(place, at, cue);
            is(Cue::Other) || is(Cue::People) || (is(Cue::Negation) && !is(Cue::Affirmed))
        };
        (place.hit.start..place.hit.end).any(crosses)
    }

    /// Whom a hit is about.
    fn subject(&self, place: &Place) -> Subject {
        let Hit { start, end, .. } = place.hit;
        let is_told = self.words.get(start).is_some_and(|word| word.is_quoted)
            && (place.sentence.start..start).any(|at| self.has(place, at, Cue::Report))
            && (place.sentence.start..start)
                .any(|at| self.has(place, at, Cue::Other) && !self.has(place, at, Cue::Own));
        if is_told {
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

    /// What a tier is if it was long ago.
    fn in_time(&self, place: &Place, tier: Tier, signs: u32) -> Tier {
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

    fn is_joke(&self, place: &Place) -> bool {
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
    fn is_soon(&self, place: &Place, signs: u32) -> bool {
        let about_self = place.rule.category == Category::SelfHarm;
        about_self
            && ((place.rule.is(Flag::Act) && self.any(place, &place.sentence, Cue::Soon))
                || signs & (Cue::Plan.bit() | Cue::AtHand.bit()) != 0)
    }
}

impl Place {
    fn bare(&self) -> usize {
        if self.rule.language == Language::Chinese { BARE_CHARACTERS } else { BARE }
    }

    fn last(&self) -> usize {
        self.hit.end.saturating_sub(1)
    }
}

/// Whom something is about.
#[derive(Clone, Copy)]
enum Subject {
    Own,
    Other,
    /// People in general, somebody in a story.
    Nobody,
}
