//! The rules: read from their files, compiled, and found in texts.
//!
//! A rule is a few phrases, a tier and a category; a cue is a phrase that says something about what
//! stands beside it: a denial, another person, a time, a joke. Both are data (`rules/*.toml`); what
//! they add up to is decided in `screening`.

mod cue;
mod file;
mod index;

use std::sync::LazyLock;

use super::language::Language;
use super::pattern::{Step, Way};
use super::spelling::{Spelling, Word};
use super::tier::{Category, Tier};
use super::tokens::Break;
use index::Index;

pub(super) use cue::{Cue, Flag};

/// Steps that one look for one rule may take: texts that are made to be slow are not looked at to
/// the end of every way.
const MOST_STEPS: usize = 4_000;

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) tier: Tier,
    pub(super) category: Category,
    pub(super) language: Language,
    flags: Vec<Flag>,
}

impl Rule {
    pub(super) fn is(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

/// What a phrase is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Rule(usize),
    Cue(Cue, Language),
}

/// A rule that was found in a text: its number, its first word, and the word after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) rule: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    /// Cues by word and language, a bit each.
    pub(super) marks: Vec<[u32; Language::ALL.len()]>,
}

/// All rules of all languages.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    pub(super) spelling: Spelling,
    phrases: Vec<Phrase>,
    /// Phrases by words of which one must be there: only around those they are looked for.
    anchors: Index,
}

/// A phrase, and what it is for.
#[derive(Debug)]
struct Phrase {
    purpose: Purpose,
    way: Way,
}

/// The rules of this version. Read once; `check` tells before anybody relies on them.
pub(super) static RULES: LazyLock<Result<Rules, String>> = LazyLock::new(Rules::read);

impl Rules {
    /// Looks for all rules in a text.
    pub(super) fn find(&self, words: &[Word]) -> Found {
        let mut found = Found { hits: Vec::new(), marks: vec![Default::default(); words.len()] };
        // From which word on a phrase was not looked for yet.
        let mut untried = vec![0_u32; self.phrases.len()];
        let mut start = 0;
        // No phrase goes on over the end of a sentence.
        for words in words.chunk_by(|_, next| next.before < Break::Hard) {
            self.find_in(Sentence { words, start }, &mut untried, &mut found);
            start += words.len();
        }
        found.hits.sort_unstable();
        found.hits.dedup();
        found
    }

    fn find_in(&self, sentence: Sentence, untried: &mut [u32], found: &mut Found) {
        for at in 0..sentence.words.len() {
            for number in self.anchors.at(at, sentence.words) {
                let (Some(phrase), Some(untried)) =
                    (self.phrases.get(number as usize), untried.get_mut(number as usize))
                else {
                    continue;
                };
                if !phrase.way.may_be_at(at, sentence.words) {
                    continue;
                }
                let tried = (*untried as usize).saturating_sub(sentence.start);
                let first = at.saturating_sub(phrase.way.reach).max(tried);
                let places = sentence.words.get(first..=at).unwrap_or_default();
                for (place, word) in (first..).zip(places) {
                    if phrase.way.first.has(&word.reading) {
                        phrase.look(sentence, place, found);
                    }
                }
                *untried = u32::try_from(sentence.start + at + 1).unwrap_or(u32::MAX);
            }
        }
    }
}

/// A sentence of a text.
#[derive(Debug, Clone, Copy)]
struct Sentence<'w, 't> {
    words: &'w [Word<'t>],
    /// Which word of the text its first one is.
    start: usize,
}

impl Phrase {
    /// Looks whether it stands at a place.
    fn look(&self, sentence: Sentence, start: usize, found: &mut Found) {
        let mut steps = MOST_STEPS;
        let end = run(&self.way.program, sentence.words, (0, start), &mut steps);
        let Some(end) = end else { return };
        let words = sentence.words.get(start..end).unwrap_or_default();
        let (start, end) = (sentence.start + start, sentence.start + end);
        match self.purpose {
            Purpose::Rule(rule) => found.hits.push(Hit { rule, start, end }),
            Purpose::Cue(cue, language) => {
                let marks = found.marks.get_mut(start..end).unwrap_or_default();
                for (word, marks) in words.iter().zip(marks) {
                    if !(cue.takes_back() && word.is_guessed)
                        && let Some(mark) = marks.get_mut(language as usize)
                    {
                        *mark |= cue.bit();
                    }
                }
            }
        }
    }
}

/// Whether a step may be taken at a word: a look ahead that spares most ways.
fn may_go_on(program: &[Step], words: &[Word], (step, at): (usize, usize)) -> bool {
    match program.get(step) {
        Some(Step::Word(class) | Step::Ahead(class)) => {
            words.get(at).is_some_and(|it| class.has(&it.reading))
        }
        _ => true,
    }
}

/// Follows a program from a step and a word of a sentence on. Returns the word after the last.
fn run(
    program: &[Step],
    words: &[Word],
    (mut step, mut at): (usize, usize),
    left: &mut usize,
) -> Option<usize> {
    loop {
        *left = left.checked_sub(1)?;
        let is_edge = || words.get(at).is_none_or(|word| word.before >= Break::Soft);
        match program.get(step)? {
            Step::Found => return Some(at),
            Step::Jump(to) => step = *to,
            Step::Split(first, second) if !may_go_on(program, words, (*first, at)) => {
                step = *second;
            }
            Step::Split(first, second) => {
                if let Some(end) = run(program, words, (*first, at), left) {
                    return Some(end);
                }
                step = *second;
            }
            Step::Start if at == 0 || is_edge() => step += 1,
            Step::End if is_edge() => step += 1,
            Step::Word(class) if words.get(at).is_some_and(|it| class.has(&it.reading)) => {
                (step, at) = (step + 1, at + 1);
            }
            Step::Ahead(class) if words.get(at).is_some_and(|it| class.has(&it.reading)) => {
                step += 1;
            }
            Step::Any if at < words.len() => (step, at) = (step + 1, at + 1),
            Step::Start | Step::End | Step::Word(_) | Step::Ahead(_) | Step::Any => return None,
        }
    }
}
