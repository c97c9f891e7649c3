//! Ordinary words that the rules would take for words of their own, with a slip in them or run together.

use std::collections::BTreeSet;

use chat_service::safety;

/// Shorter words are not read as slips of others.
const FEWEST_LETTERS: usize = 3;

/// The words of a list, one a line, that the rules would take for others, in lower case.
#[must_use]
pub fn mistaken(list: &str) -> BTreeSet<String> {
    let words = list.lines().map(|line| line.trim().to_ascii_lowercase());
    words.filter(|word| is_plain(word) && safety::is_mistaken(word)).collect()
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
}
