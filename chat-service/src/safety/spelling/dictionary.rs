//! Common English words, and what is meant where one of them has a slip in it.
//!
//! Rules find their own words with a slip in them (`slips`). Score and encoder know thousands more, and
//! know them only as they are spelt: what is put right here is for them, rules see nothing of it.

use foldhash::{HashMap, HashSet};

use crate::safety::slips::{Slip, hash, slip, without_one};
use crate::safety::tokens::Token;

/// English words that stand in our sentences, the most frequent first.
const ENGLISH: &str = include_str!("common.txt");
/// The same of German, Spanish, French and Portuguese, without their accents, and of Hindi in Latin letters.
const OTHERS: &str = include_str!("common_elsewhere.txt");
/// English words that look like common ones and are none.
const UNCOMMON: &str = include_str!("uncommon.txt");
/// Shorter words have too many neighbours.
const SHORTEST: usize = 4;
/// Longer words than anybody slips in once.
const LONGEST: usize = 20;
/// How many words at the beginning of a text tell which language it is in.
const SAMPLE: usize = 40;
/// Of so many words one at least is a common English one where a text is in English, also where all its
/// long words have slips in them.
const OF_WORDS: usize = 3;
/// So many of the most frequent words are about as frequent as each other.
const FEW: f32 = 50.0;
/// How many are the most frequent ones.
const FREQUENT: u16 = 2_000;
/// How much rarer a slip in the first letter is, in the logarithm.
const FIRST: f32 = 2.0;
/// From how much more on a word is much likelier than another, in the logarithm.
const MUCH: f32 = 2.5;

/// Common words.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// The English ones, the most frequent first.
    words: Vec<&'static str>,
    /// Their ranks.
    english: HashMap<&'static str, u16>,
    others: HashSet<&'static str>,
    uncommon: HashSet<&'static str>,
    /// English words by what is left of them without one of their letters, or of all: part of its hash,
    /// and which word. In order.
    by_rest: Vec<(u32, u16)>,
}

impl Dictionary {
    pub(super) fn read() -> Self {
        let words: Vec<_> = lines(ENGLISH).take(usize::from(u16::MAX)).collect();
        let mut by_rest = Vec::with_capacity(words.len() * 8);
        for (word, number) in words.iter().zip(0..) {
            if word.len() >= SHORTEST {
                by_rest.extend(rests(word).map(|rest| (rest, number)));
            }
        }
        by_rest.sort_unstable();
        by_rest.dedup();
        let english = words.iter().copied().zip(0..).collect();
        let (others, uncommon) = (lines(OTHERS).collect(), lines(UNCOMMON).collect());
        Self { words, english, others, uncommon, by_rest }
    }

    /// The English ones.
    pub(super) fn english(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().copied()
    }

    /// Whether a word is one of those that are known, common or not.
    pub(super) fn has(&self, word: &str) -> bool {
        self.is_common(word) || self.others.contains(word) || self.uncommon.contains(word)
    }

    /// Whether a word is a common English one.
    fn is_common(&self, word: &str) -> bool {
        self.english.contains_key(word)
    }

    /// Whether a word is two of the most frequent ones without a space.
    fn is_run(&self, word: &str) -> bool {
        let mut halves =
            (2..word.len().saturating_sub(1)).filter_map(|at| word.split_at_checked(at));
        halves.any(|(one, other)| self.is_frequent(one) && self.is_frequent(other))
    }

    fn is_frequent(&self, word: &str) -> bool {
        self.english.get(word).is_some_and(|rank| *rank < FREQUENT)
    }

    /// Whether a text is in English, as far as its first words tell.
    pub(super) fn is_english(&self, tokens: &[Token]) -> bool {
        let all = tokens.len().min(SAMPLE);
        let sample = || tokens.iter().take(SAMPLE).map(|token| token.text.as_str());
        let english = sample().filter(|word| self.is_common(word)).count();
        english * OF_WORDS >= all
            && english >= sample().filter(|word| self.others.contains(word)).count()
    }

    /// The word that is meant by one of an English text that is none of them, if it is a slip away: hardly
    /// anybody slips in the first letter. Of several the likeliest, as likely as the slip and as the word.
    pub(super) fn correct(&self, word: &str) -> Option<&'static str> {
        self.nearest(word).map(|(_, meant)| meant)
    }

    /// The same, and how rare it is that it is typed so.
    fn nearest(&self, word: &str) -> Option<(f32, &'static str)> {
        if !(SHORTEST..=LONGEST).contains(&word.len())
            || !word.bytes().all(|byte| byte.is_ascii_lowercase())
            || self.has(word)
            || self.is_run(word)
        {
            return None;
        }
        let typed: Vec<char> = word.chars().collect();
        let near = rests(word).flat_map(|rest| {
            let first = self.by_rest.partition_point(|(other, _)| *other < rest);
            let same = self.by_rest.get(first..).unwrap_or_default().iter();
            same.take_while(move |(other, _)| *other == rest).map(|(_, number)| *number)
        });
        let meant = near.filter_map(|number| self.words.get(usize::from(number)).copied());
        let judged = meant
            .filter(|meant| meant.starts_with(typed.first().copied().unwrap_or_default()))
            .filter_map(|meant| Some((self.rarity(&typed, meant)?, meant)));
        judged.min_by(|(one, _), (other, _)| one.total_cmp(other))
    }

    /// The word that is meant by another rather than `ours`, a word of the rules: only if it is much likelier,
    /// as what rules know is what people say here.
    pub(super) fn outdo(&self, word: &str, ours: &str) -> Option<&'static str> {
        let (rarity, meant) = self.nearest(word)?;
        let typed: Vec<char> = word.chars().collect();
        let is_ours = self.rarity(&typed, ours).is_some_and(|ours| ours < rarity + MUCH);
        (!is_ours).then_some(meant)
    }

    /// How rare it is that a common word is typed so: the logarithm of the odds against it, beside others. How
    /// often a word is said falls with its rank (Zipf's law).
    fn rarity(&self, typed: &[char], meant: &str) -> Option<f32> {
        let rank = f32::from(*self.english.get(meant)?);
        let letters: Vec<char> = meant.chars().collect();
        let first = if letters.first() == typed.first() { 0.0 } else { FIRST };
        Some(rarity(slip(typed, &letters)?) + first + (rank + FEW).ln())
    }
}

/// How rare a slip is: the logarithm of the odds against it, beside the most frequent one.
fn rarity(slip: Slip) -> f32 {
    match slip {
        Slip::Swapped => 0.0,
        Slip::Beside | Slip::TooFew => 0.5,
        Slip::TooMany => 0.7,
        Slip::Other => 2.0,
    }
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

/// What is left of a word without one of its letters, and all of it: parts of hashes.
fn rests(word: &str) -> impl Iterator<Item = u32> {
    let letters: Vec<char> = word.chars().collect();
    let all = hash(&letters);
    // Half of a hash will do where each find is looked at again.
    let rests: Vec<_> =
        without_one(&letters).chain([all]).map(|hash| (hash >> 32) as u32).collect();
    rests.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::tokens::Tokens;

    #[test]
    fn a_slip_in_a_common_word_is_put_right() {
        let dictionary = Dictionary::read();
        for (typed, meant) in [
            ("neighbuor", "neighbour"),
            ("yeterday", "yesterday"),
            ("kitchenn", "kitchen"),
            ("grandmither", "grandmother"),
            ("gping", "going"),
            ("stting", "sitting"),
        ] {
            assert_eq!(dictionary.correct(typed), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_no_slip_of_a_common_word_is_left_alone() {
        let dictionary = Dictionary::read();
        for word in ["zzxqj", "eighbour", "hte", "kitchen", "tesco", "crohns", "gestern", "quiero"]
        {
            assert_eq!(dictionary.correct(word), None, "{word}");
        }
    }

    #[test]
    fn a_text_is_english_if_its_first_words_are() {
        let dictionary = Dictionary::read();
        for (text, is_english) in [
            ("I have been awake all night and my neighbuor is loud", true),
            ("Tehre's no pont to my life any more", true),
            ("ich habe die ganze Nacht nicht geschlafen", false),
            ("main bahut akele hoon yaar", false),
            ("je suis fatigue de tout", false),
        ] {
            assert_eq!(dictionary.is_english(&Tokens::of(text).tokens), is_english, "{text}");
        }
    }
}
