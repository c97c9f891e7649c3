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
        let mut untried = vec![0_usize; self.phrases.len()];
        let mut sentence = 0;
        for (at, word) in words.iter().enumerate() {
            if word.before >= Break::Hard {
                sentence = at;
            }
            for number in self.anchors.of(&word.reading) {
                let (Some(phrase), Some(untried)) =
                    (self.phrases.get(number as usize), untried.get_mut(number as usize))
                else {
                    continue;
                };
                if !phrase.way.may_be_at(at, words) {
                    continue;
                }
                let start = at.saturating_sub(phrase.way.reach).max(sentence).max(*untried);
                for (place, first) in words.iter().enumerate().take(at + 1).skip(start) {
                    if phrase.way.first.has(&first.reading) {
                        phrase.look(words, place, &mut found);
                    }
                }
                *untried = at + 1;
            }
        }
        found.hits.sort_unstable();
        found.hits.dedup();
        found
    }
}

impl Phrase {
    /// Looks whether it stands at a place.
    fn look(&self, words: &[Word], start: usize, found: &mut Found) {
        let mut steps = MOST_STEPS;
        let end = run(&self.way.program, words, (0, start), start, &mut steps);
        let Some(end) = end else { return };
        match self.purpose {
            Purpose::Rule(rule) => found.hits.push(Hit { rule, start, end }),
            Purpose::Cue(cue, language) => {
                let covered = words.iter().zip(&mut found.marks).take(end).skip(start);
                for (word, marks) in covered {
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
        Some(Step::Word(class)) => words.get(at).is_some_and(|it| class.has(&it.reading)),
        _ => true,
    }
}

/// Follows a program from a step and a word on. Returns the word after the last.
fn run(
    program: &[Step],
    words: &[Word],
    (mut step, mut at): (usize, usize),
    start: usize,
    left: &mut usize,
) -> Option<usize> {
    loop {
        *left = left.checked_sub(1)?;
        let is_break =
            |at: usize, least: Break| words.get(at).is_none_or(|word| word.before >= least);
        match program.get(step)? {
            Step::Found => return Some(at),
            Step::Jump(to) => step = *to,
            Step::Split(first, second) if !may_go_on(program, words, (*first, at)) => {
                step = *second;
            }
            Step::Split(first, second) => {
                if let Some(end) = run(program, words, (*first, at), start, left) {
                    return Some(end);
                }
                step = *second;
            }
            Step::Start if at == 0 || is_break(at, Break::Soft) => step += 1,
            Step::End if is_break(at, Break::Soft) => step += 1,
            // No phrase goes on over the end of a sentence.
            Step::Word(_) | Step::Any if at > start && is_break(at, Break::Hard) => return None,
            Step::Word(class) if words.get(at).is_some_and(|it| class.has(&it.reading)) => {
                (step, at) = (step + 1, at + 1);
            }
            Step::Any if at < words.len() => (step, at) = (step + 1, at + 1),
            Step::Start | Step::End | Step::Word(_) | Step::Any => return None,
        }
    }
}
