//! Words written so that they are not read: digits and signs for letters, letters held down.

use std::borrow::Cow;

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
