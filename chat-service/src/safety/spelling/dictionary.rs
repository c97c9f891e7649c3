//! Common words that no rule needs to speak of, and what is meant where one of them has a slip in it.
//!
//! Rules find their own words with a slip in them (`slips`); score and encoder know thousands more, and
//! know them only as they are spelt.

use foldhash::HashSet;

use crate::safety::slips::{hash, slip, without_one};

/// English words that stand in our sentences, the most frequent first.
const ENGLISH: &str = include_str!("common.txt");
/// The same of German, Spanish, French and Portuguese, without their accents.
const OTHERS: &str = include_str!("common_elsewhere.txt");
/// Shorter words have too many neighbours.
const SHORTEST: usize = 4;
/// Longer words than anybody slips in once.
const LONGEST: usize = 20;

/// Common words.
#[derive(Debug)]
pub(super) struct Dictionary {
    words: Vec<&'static str>,
    others: HashSet<&'static str>,
    /// Words by what is left of them without one of their letters, or of all: part of its hash, and which
    /// word. In order.
    by_rest: Vec<(u32, u16)>,
}

impl Dictionary {
    pub(super) fn read() -> Self {
        let others: HashSet<_> = lines(OTHERS).collect();
        let words: Vec<_> = english().chain(lines(OTHERS)).take(usize::from(u16::MAX)).collect();
        let mut by_rest = Vec::with_capacity(words.len() * 8);
        for (word, number) in words.iter().zip(0..) {
            by_rest.extend(rests(word).map(|rest| (rest, number)));
        }
        by_rest.sort_unstable();
        by_rest.dedup();
        Self { words, others, by_rest }
    }

    /// Whether a word is spelt like one of another language than English.
    pub(super) fn has_of_others(&self, word: &str) -> bool {
        self.others.contains(word)
    }

    /// The word that is meant by one that is none of them, if it is a slip away: hardly anybody slips in
    /// the first letter. Of several the likeliest slip, then the most frequent word.
    pub(super) fn correct(&self, word: &str) -> Option<&'static str> {
        if !(SHORTEST..=LONGEST).contains(&word.len())
            || !word.bytes().all(|byte| byte.is_ascii_lowercase())
        {
            return None;
        }
        let typed: Vec<char> = word.chars().collect();
        let near = rests(word).flat_map(|rest| {
            let first = self.by_rest.partition_point(|(other, _)| *other < rest);
            let same = self.by_rest.get(first..).unwrap_or_default().iter();
            same.take_while(move |(other, _)| *other == rest).map(|(_, number)| *number)
        });
        let judged = near.filter_map(|number| {
            let meant = self.words.get(usize::from(number))?;
            if !meant.starts_with(typed.first().copied()?) {
                return None;
            }
            Some((slip(&typed, &meant.chars().collect::<Vec<_>>())?, number))
        });
        let (_, number) = judged.min()?;
        self.words.get(usize::from(number)).copied()
    }
}

/// The English ones.
pub(super) fn english() -> impl Iterator<Item = &'static str> {
    lines(ENGLISH)
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

/// What is left of a word without one of its letters, and all of it: parts of hashes.
fn rests(word: &str) -> impl Iterator<Item = u32> {
    let letters: Vec<char> = word.chars().collect();
    let all = std::iter::once(hash(&letters));
    // The upper half is as good as the whole where each find is looked at again.
    let rests = without_one(&letters).chain(all).map(|hash| (hash >> 32) as u32);
    rests.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_common_word_is_put_right() {
        let dictionary = Dictionary::read();
        for (typed, meant) in [
            ("neighbuor", "neighbour"),
            ("yeterday", "yesterday"),
            ("kitchenn", "kitchen"),
            ("grandmither", "grandmother"),
            ("gestren", "gestern"),
        ] {
            assert_eq!(dictionary.correct(typed), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_no_slip_of_a_common_word_is_left_alone() {
        let dictionary = Dictionary::read();
        for word in ["zzxqj", "eighbour", "hte", "mid-week", "über", "自杀", ""] {
            assert_eq!(dictionary.correct(word), None, "{word}");
        }
    }
}
