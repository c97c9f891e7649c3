//! The files of rules, read and compiled.

use std::borrow::Cow;
use std::collections::BTreeMap;

use foldhash::HashSet;
use serde::Deserialize;

use super::cue::{Cue, Flag};
use super::index::Index;
use super::{Phrase, Purpose, Rule, Rules};
use crate::safety::language::Language;
use crate::safety::pattern::{self, Classes, Spellings};
use crate::safety::spelling::Spelling;
use crate::safety::tier::{Category, Tier};
use crate::safety::tokens::words_of;
use crate::safety::vocabulary::{Tolerance, Vocabulary};

/// The files, and the language of each.
const FILES: [&str; 8] = [
    include_str!("en.toml"),
    include_str!("es.toml"),
    include_str!("fr.toml"),
    include_str!("de.toml"),
    include_str!("pt.toml"),
    include_str!("ar.toml"),
    include_str!("hi.toml"),
    include_str!("zh.toml"),
];
/// English words that look like words of ours.
const ORDINARY: &str = include_str!("ordinary.txt");

/// One language's rules, as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    /// How freely its words may be misspelt.
    tolerance: Spelt,
    /// Words that stand for others.
    #[serde(default)]
    spellings: Spellings,
    /// Words that look like words of rules and are none.
    #[serde(default)]
    ordinary: String,
    /// Phrases that patterns name.
    #[serde(default)]
    classes: Classes,
    /// What says something about its surroundings, in an order that is always the same.
    #[serde(default)]
    cues: BTreeMap<Cue, Vec<String>>,
    rules: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Spelt {
    Exact,
    Slips,
    Free,
}

/// A rule, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    tier: String,
    category: String,
    #[serde(default)]
    flags: Vec<Flag>,
    patterns: Vec<String>,
    /// Sentences that are at this rule's tier by itself.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    hits: Vec<String>,
    /// Sentences that look like it and are of a lower tier.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    misses: Vec<String>,
}

impl Rules {
    /// Reads all files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read() -> Result<Self, String> {
        let mut builder = Builder::default();
        let files =
            FILES.map(|text| toml::from_str::<File>(text).map_err(|error| error.to_string()));
        let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
        // What a word stands for, it stands for in all languages: a text does not say which it is in.
        let all = files.iter().flat_map(|file| file.spellings.clone());
        let spellings = all.collect();
        for file in files {
            builder.add(file, &spellings)?;
        }
        Ok(builder.build())
    }
}

#[derive(Default)]
struct Builder {
    rules: Vec<Rule>,
    phrases: Vec<Phrase>,
    vocabulary: Option<Vocabulary>,
    meanings: Vec<(String, Vec<String>)>,
    ordinary: HashSet<Cow<'static, str>>,
}

impl Builder {
    fn add(&mut self, file: File, spellings: &Spellings) -> Result<(), String> {
        let language = Language::of_code(&file.language)
            .ok_or_else(|| format!("no language {}", file.language))?;
        let vocabulary = self.vocabulary.get_or_insert_with(Vocabulary::new);
        vocabulary.tolerate(match file.tolerance {
            Spelt::Exact => Tolerance::Exact,
            Spelt::Slips => Tolerance::Slips,
            Spelt::Free => Tolerance::Free,
        });
        for (word, meant) in &file.spellings {
            let meant: Vec<_> = meant.split(' ').map(str::to_owned).collect();
            for word in &meant {
                vocabulary.word(word);
            }
            vocabulary.word(word);
            self.meanings.push((word.clone(), meant));
        }
        self.ordinary.extend(file.ordinary.split_whitespace().flat_map(words_of).map(Cow::Owned));
        let mut add = |pattern: &str, purpose| {
            let ways = pattern::ways(pattern, &file.classes, spellings, vocabulary)?;
            self.phrases.extend(ways.into_iter().map(|way| Phrase { purpose, way }));
            Ok::<_, String>(())
        };
        for (cue, patterns) in &file.cues {
            for pattern in patterns {
                add(pattern, Purpose::Cue(*cue, language))?;
            }
        }
        for entry in file.rules {
            let number = self.rules.len();
            for pattern in &entry.patterns {
                add(pattern, Purpose::Rule(number))?;
            }
            let tier = Tier::of_name(&entry.tier);
            let category = Category::of_name(&entry.category);
            self.rules.push(Rule {
                tier: tier.ok_or_else(|| format!("{}: no tier {}", entry.id, entry.tier))?,
                category: category.ok_or_else(|| format!("{}: no such category", entry.id))?,
                id: entry.id,
                language,
                flags: entry.flags,
            });
        }
        Ok(())
    }

    fn build(self) -> Rules {
        let Self { rules, phrases, vocabulary, meanings, mut ordinary } = self;
        let vocabulary = vocabulary.unwrap_or_else(Vocabulary::new);
        let mut anchors = Index::default();
        for (number, phrase) in phrases.iter().enumerate() {
            anchors.enter(&phrase.way, u32::try_from(number).unwrap_or(u32::MAX));
        }
        ordinary.extend(ORDINARY.lines().filter(|it| !it.starts_with('#')).map(Cow::Borrowed));
        let spelling = Spelling::new(vocabulary, ordinary, &meanings);
        Rules { all: rules, spelling, phrases, anchors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::screening::{find, screen_closely};

    fn entries() -> impl Iterator<Item = Entry> {
        FILES.into_iter().flat_map(|text| toml::from_str::<File>(text).unwrap().rules)
    }

    #[test]
    fn every_rule_finds_its_examples_and_leaves_others_alone() {
        let mut wrong = Vec::new();
        for entry in entries() {
            assert!(!entry.hits.is_empty(), "{} has no example", entry.id);
            let tier = Tier::of_name(&entry.tier).unwrap();
            let hits = entry.hits.iter().filter(|text| find(text).tier < tier);
            let misses = entry.misses.iter().filter(|text| find(text).tier >= tier);
            wrong.extend(hits.chain(misses).map(|text| format!("{}: {text}", entry.id)));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_second_look_takes_hardly_any_example_of_danger_back() {
        let grave = |entry: &Entry| Tier::of_name(&entry.tier).is_some_and(Tier::is_danger);
        let entries = entries().filter(grave);
        let hits: Vec<_> = entries.flat_map(|entry| entry.hits).collect();
        let is_taken_back = |text: &&String| !screen_closely(text).tier.is_danger();
        let taken_back: Vec<_> = hits.iter().filter(is_taken_back).collect();
        assert!(
            taken_back.len() * 50 <= hits.len(),
            "{} of {}: {taken_back:#?}",
            taken_back.len(),
            hits.len()
        );
    }

    #[test]
    fn rules_are_read_the_same_every_time() {
        let words = |rules: &Rules| -> Vec<_> {
            let phrases = rules.phrases.iter();
            phrases.map(|phrase| format!("{phrase:?}")).collect()
        };
        assert!(words(&Rules::read().unwrap()) == words(&Rules::read().unwrap()));
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let mut names = HashSet::default();
        for entry in entries() {
            assert!(names.insert(entry.id.clone()), "{} twice", entry.id);
        }
    }
}
