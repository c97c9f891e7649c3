//! The files of phrases, read and compiled.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::super::super::tokens::words_of;
use super::super::super::vocabulary::{Class, Stems, Vocabulary};
use super::super::Kind;
use super::{Phrases, Rule};
use crate::safety::pattern::{self, Classes, Spellings, Step};

/// The phrases of each kind.
pub(super) const FILES: [(Kind, &str); 7] = [
    (Kind::Method, include_str!("../rules/method.toml")),
    (Kind::Encouragement, include_str!("../rules/encouragement.toml")),
    (Kind::Secrecy, include_str!("../rules/secrecy.toml")),
    (Kind::Dependence, include_str!("../rules/dependence.toml")),
    (Kind::Contacted, include_str!("../rules/contacted.toml")),
    (Kind::Human, include_str!("../rules/human.toml")),
    (Kind::Diagnosis, include_str!("../rules/diagnosis.toml")),
];
const COMMON: &str = include_str!("../rules/common.toml");

/// What all files share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    /// Words in every sentence, which are never triggers.
    constant: String,
    /// Words in many sentences, which are triggers only where nothing else is.
    often: String,
    /// Says that something is not told.
    refusals: Vec<String>,
    /// Where a refusal ends.
    contrasts: Vec<String>,
    classes: Classes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    classes: Classes,
    pub(super) rules: Vec<Entry>,
}

/// A rule, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    patterns: Vec<String>,
    /// Phrases that take it back, a few words before it.
    #[serde(default)]
    before: Vec<String>,
    /// Phrases that take it back anywhere in the sentence.
    #[serde(default)]
    beside: Vec<String>,
    /// A refusal before it takes it back: "I can't tell you which …".
    #[serde(default)]
    may_be_refused: bool,
    /// It counts only where details of methods were taken out before.
    #[serde(default)]
    is_strict: bool,
    /// Sentences that are taken out.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    pub(super) out: Vec<String>,
    /// Sentences that look like it and stay.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    pub(super) stay: Vec<String>,
}

/// Words that are no triggers, because sentences would be held all the time.
struct Everyday {
    often: HashSet<u32>,
    constant: HashSet<u32>,
}

impl Phrases {
    /// Reads all files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read() -> Result<Self, String> {
        let common: Common = toml::from_str(COMMON).map_err(|error| error.to_string())?;
        let mut phrases = Self::new();
        phrases.refusals = phrases.compile(&common.refusals, &common.classes)?;
        phrases.contrasts = phrases.compile(&common.contrasts, &common.classes)?;
        let mut numbers = |words: &str| {
            let words = words.split_whitespace().flat_map(words_of);
            words.map(|word| phrases.vocabulary.word(&word)).collect::<HashSet<u32>>()
        };
        let (mut all, constant) = (numbers(&common.often), numbers(&common.constant));
        all.extend(&constant);
        let everyday = Everyday { often: all, constant };
        for (kind, text) in FILES {
            let file: File = toml::from_str(text).map_err(|it| format!("{}: {it}", kind.name()))?;
            let mut classes = common.classes.clone();
            classes.extend(file.classes);
            for entry in file.rules {
                phrases.add(kind, &entry, &classes, &everyday)?;
            }
        }
        if phrases.without_trigger.is_empty() {
            return Ok(phrases);
        }
        Err(format!("no trigger in: {}", phrases.without_trigger.join("; ")))
    }

    fn new() -> Self {
        Self {
            rules: Vec::new(),
            programs: Vec::new(),
            refusals: Vec::new(),
            contrasts: Vec::new(),
            vocabulary: Vocabulary::new(),
            trigger_words: HashSet::new(),
            trigger_stems: Stems::default(),
            by_word: HashMap::new(),
            by_stem: Vec::new(),
            without_trigger: Vec::new(),
        }
    }

    fn compile(
        &mut self,
        patterns: &[String],
        classes: &Classes,
    ) -> Result<Vec<Vec<Step>>, String> {
        let spellings = Spellings::new();
        let compile = |it: &String| pattern::compile(it, classes, &spellings, &mut self.vocabulary);
        patterns.iter().map(compile).collect()
    }

    fn add(
        &mut self,
        kind: Kind,
        entry: &Entry,
        classes: &Classes,
        everyday: &Everyday,
    ) -> Result<(), String> {
        let rule = Rule {
            kind,
            before: self.compile(&entry.before, classes)?,
            beside: self.compile(&entry.beside, classes)?,
            may_be_refused: entry.may_be_refused,
            is_strict: entry.is_strict,
        };
        let programs = self.compile(&entry.patterns, classes)?;
        for (program, text) in programs.into_iter().zip(&entry.patterns) {
            let few = triggers(&program, &everyday.often);
            let Some(triggers) = few.or_else(|| triggers(&program, &everyday.constant)) else {
                self.without_trigger.push(text.clone());
                continue;
            };
            for trigger in triggers {
                self.trigger_words.extend(trigger.words());
                for stem in trigger.stems() {
                    if let Some(bits) = self.trigger_stems.get_mut(stem / 64) {
                        *bits |= 1 << (stem % 64);
                    }
                }
            }
            self.index(&program);
            self.programs.push((self.rules.len(), program));
        }
        self.rules.push(rule);
        Ok(())
    }

    fn index(&mut self, program: &[Step]) {
        let number = self.programs.len();
        for class in pattern::beginnings(program).unwrap_or_default() {
            for word in class.words() {
                self.by_word.entry(*word).or_default().push(number);
            }
            for stem in class.stems() {
                self.by_stem.resize_with(self.by_stem.len().max(stem + 1), Vec::new);
                if let Some(numbers) = self.by_stem.get_mut(stem) {
                    numbers.push(number);
                }
            }
        }
    }
}

/// Words without which a program finds nothing, none of them one of `everyday`.
fn triggers<'a>(program: &'a [Step], everyday: &HashSet<u32>) -> Option<Vec<&'a Class>> {
    let is_rare = |class: &Class| !class.words().iter().any(|word| everyday.contains(word));
    let rare = program.iter().enumerate().filter_map(|(at, step)| match step {
        Step::Word(class) if is_rare(class) => Some((at, class)),
        _ => None,
    });
    let rare: Vec<(usize, &Class)> = rare.collect();
    // One word that stands on every way, the last of them, so that little is held; or else all.
    let needed = rare.iter().rev().find(|(at, _)| !can_do_without(program, &[*at]));
    if let Some((_, class)) = needed {
        return Some(vec![class]);
    }
    let mut places: Vec<usize> = rare.iter().map(|(at, _)| *at).collect();
    if can_do_without(program, &places) {
        return None;
    }
    for (at, _) in &rare {
        let fewer: Vec<usize> = places.iter().copied().filter(|place| place != at).collect();
        if !can_do_without(program, &fewer) {
            places = fewer;
        }
    }
    Some(rare.into_iter().filter(|(at, _)| places.contains(at)).map(|(_, class)| class).collect())
}

/// Whether a program can find something without certain steps.
fn can_do_without(program: &[Step], without: &[usize]) -> bool {
    let (mut open, mut seen) = (vec![0], HashSet::new());
    while let Some(at) = open.pop() {
        if without.contains(&at) || !seen.insert(at) {
            continue;
        }
        match program.get(at) {
            Some(Step::Found) => return true,
            Some(Step::Split(first, second)) => open.extend([*first, *second]),
            Some(Step::Jump(to)) => open.push(*to),
            Some(_) => open.push(at + 1),
            None => {}
        }
    }
    false
}
