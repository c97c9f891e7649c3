//! What the score hears in a text: words, words in a row, and the letters within them.

use crate::safety::slips::{SEED, mix};
use crate::safety::spelling::Word;
use crate::safety::tokens::Break;

/// Numbers of features: as many as weights for either bar.
pub const BUCKETS: u32 = 1 << 18;
/// How many words are heard together where no sentence ends.
const LONGEST: usize = 30;
/// How many letters in a row are heard by themselves, the ends of the word counted.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=5;
/// Stands before the first letter of a word, and after its last.
const EDGE: char = ' ';

/// The features of words, part by part: what is learned from.
pub(super) fn list(words: &[Word]) -> Vec<Vec<u32>> {
    let list = |part| {
        let mut list = Vec::new();
        for_each(part, |feature| list.push(feature));
        list
    };
    parts(words).map(list).collect()
}

/// A text cut where a sentence or a line ends, or where it would be too long.
pub(in crate::safety) fn parts<'w, 't>(
    words: &'w [Word<'t>],
) -> impl Iterator<Item = &'w [Word<'t>]> {
    let sentences = words.chunk_by(|_, next| next.before < Break::Line);
    sentences.flat_map(|sentence| sentence.chunks(LONGEST))
}

/// Tells each feature of a part.
pub(super) fn for_each(part: &[Word], mut tell: impl FnMut(u32)) {
    let (mut last, mut before_last) = (SEED, SEED);
    for word in part {
        let whole = word.text.chars().fold(SEED, mix);
        let two = join(last, whole);
        tell(bucket(whole));
        tell(bucket(two));
        tell(bucket(join(before_last, two)));
        tell(bucket(join(!before_last, whole)));
        (before_last, last) = (last, whole);
        letters(&word.text, &mut tell);
    }
}

/// Tells the letters in a row that a word has. A word of one letter says nothing more by it.
fn letters(word: &str, tell: &mut impl FnMut(u32)) {
    if word.chars().nth(1).is_none() {
        return;
    }
    let mut starts = word.chars();
    let mut first = Some(EDGE);
    while let Some(letter) = first {
        let rest = starts.clone().chain([EDGE]);
        let mut hash = mix(!SEED, letter);
        for (number, letter) in rest.enumerate().take(LETTERS.end() - 1) {
            hash = mix(hash, letter);
            if LETTERS.contains(&(number + 2)) {
                tell(bucket(hash));
            }
        }
        first = starts.next();
    }
}

fn join(one: u64, other: u64) -> u64 {
    (one.rotate_left(23) ^ other).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn bucket(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 32;
    u32::try_from(mixed).unwrap_or_default() % BUCKETS
}
