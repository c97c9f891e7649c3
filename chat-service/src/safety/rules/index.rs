//! Phrases by the words they have, so that few of them are looked for.

use crate::safety::pattern::{Side, Way};
use crate::safety::spelling::Word;
use crate::safety::vocabulary::stems;

/// Phrases by word, and by the beginning of one.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_word: Vec<Vec<Entry>>,
    by_stem: Vec<Vec<Entry>>,
}

/// A phrase under a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    phrase: u32,
    /// Where a word of the phrase stands beside that word: see [`around`].
    place: u8,
    /// What is in the sieve of such a word.
    sieve: u64,
}

impl Index {
    /// Enters a phrase under each word of its anchor.
    pub(super) fn enter(&mut self, way: &Way, phrase: u32) {
        let (place, sieve) = match &way.beside {
            Some((Side::Before, class)) => (0, class.sieve()),
            Some((Side::After, class)) => (1, class.sieve()),
            None => (2, u64::MAX),
        };
        let entry = Entry { phrase, place, sieve };
        let words = way.anchor.words().iter().map(|word| *word as usize);
        words.for_each(|word| enter(&mut self.by_word, word, entry));
        way.anchor.stems().for_each(|stem| enter(&mut self.by_stem, stem, entry));
    }

    /// The phrases of a word of a sentence that may be there, as far as a look at the words beside it
    /// tells.
    pub(super) fn at(&self, at: usize, sentence: &[Word]) -> impl Iterator<Item = u32> {
        let around = around(at, sentence);
        let reading = sentence.get(at).map(|word| &word.reading);
        let all = reading.into_iter().flat_map(|reading| {
            // Nothing is entered under number zero.
            let by_word = self.by_word.get(reading.word as usize);
            let by_stem = stems(&reading.stems).filter_map(|stem| self.by_stem.get(stem));
            by_word.into_iter().chain(by_stem).flatten()
        });
        let may_be = move |entry: &&Entry| {
            around.get(usize::from(entry.place)).is_some_and(|sieve| sieve & entry.sieve != 0)
        };
        all.filter(may_be).map(|entry| entry.phrase)
    }
}

/// The sieves of the words before and after a place; last, of any word at all.
fn around(at: usize, sentence: &[Word]) -> [u64; 3] {
    let sieve = |at: Option<usize>| {
        at.and_then(|at| sentence.get(at)).map_or(0, |word| word.reading.sieve())
    };
    [sieve(at.checked_sub(1)), sieve(at.checked_add(1)), u64::MAX]
}

fn enter(lists: &mut Vec<Vec<Entry>>, place: usize, entry: Entry) {
    if lists.len() <= place {
        lists.resize_with(place + 1, Vec::new);
    }
    if let Some(list) = lists.get_mut(place)
        && list.last() != Some(&entry)
    {
        list.push(entry);
    }
}
