//! Letters as rules know them: one case, one width, no accents, nothing that cannot be seen.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// A text in which equal letters are equal characters.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.to_ascii_lowercase().into();
    }
    // Compatibility forms first (full width, ligatures, styled letters), then letters and their
    // accents apart, so that the accents can be left out.
    let compatible = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(&compatible);
    let seen = apart.chars().filter(|letter| !is_mark(*letter) && !is_invisible(*letter));
    seen.flat_map(char::to_lowercase)
        .filter(|letter| !is_mark(*letter))
        .map(plain)
        .collect::<String>()
        .into()
}

/// Accents, vowel marks that are mostly left out, and the dot that makes one Devanagari letter of
/// another.
fn is_mark(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{93c}')
}

/// What takes no room and is sometimes put between letters to hide a word.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Different characters for what readers take for the same letter.
fn plain(letter: char) -> char {
    match letter {
        'ß' => 's',
        'ı' => 'i',
        'ø' => 'o',
        'ł' => 'l',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}' | '`'
        | '\u{b4}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '»' | '「' | '」' | '『' | '』' => '"',
        // Arabic letters that are written either way.
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ئ' => 'ي',
        'ة' => 'ه',
        'ؤ' => 'و',
        _ => letter,
    }
}

/// Cyrillic and Greek letters that look like Latin ones, for words that mix the two.
pub(super) fn latin(letter: char) -> char {
    match letter {
        'а' | 'α' => 'a',
        'в' => 'b',
        'с' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ν' => 'v',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => letter,
    }
}

/// Scripts written without spaces: each character counts as a word.
pub(super) fn is_ideograph(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Part of a word, vowel signs of Indian scripts included.
pub(super) fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric()
        || matches!(letter, '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{962}' | '\u{963}')
}

/// The last characters of a text, at most so many.
pub(crate) fn last(text: &str, most: usize) -> &str {
    let start = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_alike_are_alike() {
        assert_eq!(fold("Ｋｉｌｌ ｍｙself"), "kill myself");
        assert_eq!(fold("d\u{200b}i\u{ad}e"), "die");
        assert_eq!(fold("MOURIR, déjà"), "mourir, deja");
        assert_eq!(fold("I don’t"), "i don't");
        assert_eq!(fold("𝓭𝓲𝓮"), "die");
        assert_eq!(fold("أُريدُ"), "اريد");
        assert_eq!(fold("ज़िंदगी"), "जिंदगी");
        assert_eq!("ѕuісіdе".chars().map(latin).collect::<String>(), "suicide");
    }
}
