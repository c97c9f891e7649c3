//! What may not be said, as phrases: read from files, compiled, and found in sentences.
//!
//! Each phrase has a word that it cannot do without and that is not said all the time: its trigger. A
//! sentence is held from its first trigger on, so no phrase can have been told whole before it was
//! judged. The files have examples of what is taken out and what stays; each is a test.

mod reading;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::super::pattern::Step;
use super::super::tokens::{Break, Token, Tokens};
use super::super::vocabulary::{Reading, Stems, Vocabulary};
use super::Kind;

/// Steps that one look for one phrase may take.
const MOST_STEPS: usize = 2_000;
/// How many words before a phrase can take it back.
const REACH: usize = 6;

struct Rule {
    kind: Kind,
    before: Vec<Vec<Step>>,
    beside: Vec<Vec<Step>>,
    may_be_refused: bool,
    is_strict: bool,
}

struct Phrases {
    rules: Vec<Rule>,
    /// Phrases, with the number of the rule of each.
    programs: Vec<(usize, Vec<Step>)>,
    refusals: Vec<Vec<Step>>,
    contrasts: Vec<Vec<Step>>,
    vocabulary: Vocabulary,
    trigger_words: HashSet<u32>,
    trigger_stems: Stems,
    /// Phrases by the word, or the beginning of one, that they begin with.
    by_word: HashMap<u32, Vec<usize>>,
    by_stem: Vec<Vec<usize>>,
    /// Patterns that cannot be used, because nothing would hold a sentence in time.
    without_trigger: Vec<String>,
}

static PHRASES: LazyLock<Result<Phrases, String>> = LazyLock::new(Phrases::read);

/// Whether the rules can be read.
pub(super) fn check() -> Result<(), String> {
    PHRASES.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// Whether something harmful could be made of a word, with what follows.
pub(super) fn is_trigger(word: &str) -> bool {
    // Services do not start without rules: see `check`.
    let Ok(phrases) = PHRASES.as_ref() else { return false };
    split(word).iter().any(|word| phrases.is_trigger(word))
}

/// The gravest thing that a text says, if it says any. `first_new`: the words before that one were
/// judged before. `is_strict`: details of methods were found earlier.
pub(super) fn find(text: &str, first_new: usize, is_strict: bool) -> Option<Kind> {
    let phrases = PHRASES.as_ref().ok()?;
    let words = phrases.words(Tokens::of(text).tokens);
    phrases.find(&words, first_new, is_strict)
}

/// A word of a text, as the phrases know it.
struct Word {
    reading: Reading,
    before: Break,
}

/// Digits are all one word, "0", and letters beside them another.
fn split(word: &str) -> Vec<&str> {
    let is_digit = |letter: char| letter.is_numeric();
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let size = rest.find(|letter| is_digit(letter) != is_digit(first)).unwrap_or(rest.len());
        let (part, others) = rest.split_at(size);
        parts.push(if is_digit(first) { "0" } else { part });
        rest = others;
    }
    parts
}

impl Phrases {
    fn is_trigger(&self, word: &str) -> bool {
        let reading = self.vocabulary.read(word);
        self.trigger_words.contains(&reading.word) || overlap(&self.trigger_stems, &reading.stems)
    }

    fn words(&self, tokens: Vec<Token>) -> Vec<Word> {
        let mut words = Vec::with_capacity(tokens.len());
        for token in tokens {
            let mut before = token.before;
            for part in split(&token.text) {
                words.push(Word { reading: self.vocabulary.read(part), before });
                before = Break::None;
            }
        }
        words
    }

    fn find(&self, words: &[Word], first_new: usize, is_strict: bool) -> Option<Kind> {
        let mut worst: Option<Kind> = None;
        for (start, word) in words.iter().enumerate() {
            let by_word = self.by_word.get(&word.reading.word).into_iter().flatten();
            let bits = |stem: usize| word.reading.stems.get(stem / 64).copied().unwrap_or(0);
            let has_stem = |stem: &usize| bits(*stem) & (1 << (stem % 64)) != 0;
            let is_any = word.reading.stems != Stems::default();
            let stems = (0..if is_any { self.by_stem.len() } else { 0 }).filter(has_stem);
            let by_stem = stems.filter_map(|stem| self.by_stem.get(stem)).flatten();
            for number in by_word.chain(by_stem) {
                let Some((rule, program)) = self.programs.get(*number) else { continue };
                let Some(rule) = self.rules.get(*rule) else { continue };
                let is_graver = worst.is_none_or(|worst| rule.kind < worst);
                if is_graver
                    && (is_strict || !rule.is_strict)
                    && run(program, words, start).is_some_and(|end| end > first_new)
                    && !self.is_taken_back(rule, words, start)
                {
                    worst = Some(rule.kind);
                }
            }
        }
        worst
    }

    fn is_taken_back(&self, rule: &Rule, words: &[Word], start: usize) -> bool {
        let found = |programs: &[Vec<Step>], from: usize, to: usize| {
            let ends = |at: usize| programs.iter().filter_map(move |it| run(it, words, at));
            (from..to).any(|at| ends(at).any(|end| end <= to))
        };
        let is_break = |at: &usize| words.get(*at).is_some_and(|word| word.before != Break::None);
        let nearest = start.saturating_sub(REACH);
        let clause = (nearest + 1..=start).rev().find(is_break).unwrap_or(nearest);
        if found(&rule.before, clause, start) || found(&rule.beside, 0, words.len()) {
            return true;
        }
        let is_contrast = |at: &usize| found(&self.contrasts, *at, at + 1);
        let turn = (0..start).rev().find(is_contrast).unwrap_or(0);
        rule.may_be_refused && found(&self.refusals, turn, start)
    }
}

fn overlap(one: &Stems, other: &Stems) -> bool {
    one.iter().zip(other).any(|(one, other)| one & other != 0)
}

/// Looks for a phrase that begins with a certain word. Returns the word after its last.
fn run(program: &[Step], words: &[Word], start: usize) -> Option<usize> {
    let (mut open, mut left) = (vec![(0, start)], MOST_STEPS);
    while let Some((mut step, mut at)) = open.pop() {
        loop {
            left = left.checked_sub(1)?;
            let is_break = |least: Break| words.get(at).is_none_or(|word| word.before >= least);
            match program.get(step)? {
                Step::Found => return Some(at),
                Step::Jump(to) => step = *to,
                Step::Split(first, second) => {
                    open.push((*second, at));
                    step = *first;
                }
                Step::Start if at == 0 || is_break(Break::Soft) => step += 1,
                Step::End if is_break(Break::Soft) => step += 1,
                // Words of a phrase may have a comma between them, any words in between may not.
                Step::Word(class)
                    if words.get(at).is_some_and(|it| class.has(&it.reading))
                        && (at == start || !is_break(Break::Hard)) =>
                {
                    (step, at) = (step + 1, at + 1);
                }
                Step::Ahead(class) if words.get(at).is_some_and(|it| class.has(&it.reading)) => {
                    step += 1;
                }
                Step::Any if at < words.len() && !is_break(Break::Soft) => {
                    (step, at) = (step + 1, at + 1);
                }
                _ => break,
            }
        }
    }
    None
}

/// All examples of what is taken out.
#[cfg(test)]
pub(super) fn examples() -> impl Iterator<Item = String> {
    tests::entries().flat_map(|(_, entry)| entry.out)
}

#[cfg(test)]
mod tests;
