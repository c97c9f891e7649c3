//! Words written so that they are not read: digits and signs for letters, letters held down, letters set
//! apart.

use std::borrow::Cow;

use crate::safety::letters::{is_ideograph, is_letter};
use crate::safety::tokens::{Break, Token};

/// Whether a word has both letters and digits.
pub(super) fn is_mixed(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a word is a number with a unit: "100mg", "10pm", "17th".
pub(super) fn is_amount(word: &str) -> bool {
    let unit = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    unit.len() < word.len() && unit.len() <= 2 && unit.bytes().all(|it| it.is_ascii_alphabetic())
}

/// A word that is none of ours, without its disguise; `one` is what its ones stand for.
pub(super) fn plain(word: &str, one: char) -> Cow<'_, str> {
    if !is_mixed(word) {
        return word.into();
    }
    word.chars().map(|letter| undisguised(letter, one)).collect::<String>().into()
}

pub(super) fn undisguised(letter: char, one: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        _ => letter,
    }
}

/// A word without the letters that were held down: "dieeee" as "diee" and "die". The last has no
/// letter twice.
pub(super) fn calm(word: &str) -> Vec<String> {
    let shorten = |most: usize| {
        let (mut plain, mut run, mut last) = (String::with_capacity(word.len()), 0, '\0');
        for letter in word.chars() {
            run = if letter == last { run + 1 } else { 1 };
            last = letter;
            if run <= most {
                plain.push(letter);
            }
        }
        plain
    };
    vec![shorten(2), shorten(1)]
}

/// How many single letters stand here one after the other.
pub(super) fn spaced(tokens: &[Token], at: usize) -> usize {
    let letters = tokens.iter().skip(at).enumerate().take_while(|(number, token)| {
        is_single(&token.text) && (*number == 0 || token.before < Break::Hard)
    });
    letters.count()
}

/// Whether a token is one letter, in a script in which that is hardly ever a word.
fn is_single(token: &str) -> bool {
    let mut letters = token.chars();
    letters.next().is_some_and(|letter| is_letter(letter) && !is_ideograph(letter))
        && letters.next().is_none()
}
