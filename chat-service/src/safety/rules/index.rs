//! Phrases by the words they have, so that few of them are looked for.

use crate::safety::vocabulary::{Class, Reading, stems};

/// Phrases by word, and by the beginning of one.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_word: Vec<Vec<u32>>,
    by_stem: Vec<Vec<u32>>,
}

impl Index {
    /// Enters a phrase under each word of a class.
    pub(super) fn enter(&mut self, class: &Class, phrase: u32) {
        let words = class.words().iter().map(|word| *word as usize);
        words.for_each(|word| enter(&mut self.by_word, word, phrase));
        class.stems().for_each(|stem| enter(&mut self.by_stem, stem, phrase));
    }

    /// The phrases of a word.
    pub(super) fn of(&self, reading: &Reading) -> impl Iterator<Item = u32> {
        let by_word = self.by_word.get(reading.word as usize).filter(|_| reading.word != 0);
        let by_stem = stems(&reading.stems).filter_map(|stem| self.by_stem.get(stem)).flatten();
        by_word.into_iter().flatten().chain(by_stem).copied()
    }
}

fn enter(lists: &mut Vec<Vec<u32>>, place: usize, phrase: u32) {
    if lists.len() <= place {
        lists.resize_with(place + 1, Vec::new);
    }
    if let Some(list) = lists.get_mut(place)
        && list.last() != Some(&phrase)
    {
        list.push(phrase);
    }
}
