//! Ordinary words: those that the rules would take for words of their own, with a slip in them or run
//! together, and those that are common in sentences.

use std::collections::{BTreeMap, BTreeSet};

use chat_service::safety;

use crate::rows::File;

/// Shorter words are not read as slips of others.
const FEWEST_LETTERS: usize = 3;
/// How often a common word stands in sentences.
const FEWEST: usize = 3;

/// The words of a list, one a line, that the rules would take for others, in lower case.
#[must_use]
pub fn mistaken(list: &str) -> BTreeSet<String> {
    plain(list).filter(|word| safety::is_mistaken(word)).collect()
}

/// The same that would be taken for common words with a slip in them.
#[must_use]
pub fn corrected(list: &str) -> BTreeSet<String> {
    plain(list).filter(|word| safety::is_corrected(word)).collect()
}

fn plain(list: &str) -> impl Iterator<Item = String> {
    let words = list.lines().map(|line| line.trim().to_ascii_lowercase());
    words.filter(|word| is_plain(word))
}

/// The words that stand in sentences three times or more, the most frequent first.
#[must_use]
pub fn common(files: &[File]) -> Vec<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    let turns = files.iter().flat_map(|file| &file.rows).flat_map(|row| &row.turns);
    for word in turns.flat_map(|turn| safety::folded_words(turn)) {
        if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut common: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= FEWEST).collect();
    common.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    common.into_iter().map(|(word, _)| word).collect()
}

fn is_plain(word: &str) -> bool {
    word.len() >= FEWEST_LETTERS && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_looks_like_a_slip_is_listed_once() {
        let list = "overdoes\r\nsuicide\nOverdoes\n\noverdoes it\noverdoes'\nod\n overdoes \n";
        let found = mistaken(list);
        assert_eq!(Vec::from_iter(found), ["overdoes"]);
    }

    #[test]
    fn a_word_that_looks_like_a_common_one_with_a_slip_is_listed() {
        assert_eq!(Vec::from_iter(corrected("kitchenn\nkitchen\nzzxqj\n")), ["kitchenn"]);
    }

    #[test]
    fn what_stands_in_sentences_often_is_common() {
        let row = |text: &str| format!("{{\"text\": \"{text}\"}}\n");
        let texts =
            ["Soup, soup and bread", "warm bread for the soup", "ein Brötchen, Bread, SOUP, 2nite"];
        let rows: String = texts.into_iter().map(row).collect();
        let files = [File::parse("rows.jsonl", &rows).unwrap()];
        assert_eq!(common(&files), ["soup", "bread"]);
    }
}
