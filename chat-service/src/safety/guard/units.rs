//! Where words and sentences of a running text end.

use super::super::letters::is_ideograph;

/// Words with a dot that ends no sentence.
const SHORT: [&str; 18] = [
    "dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "z.b", "ca", "bzw", "sr", "sra",
    "dra", "mme", "p.ej", "approx",
];
/// What ends a sentence in scripts without spaces, also with nothing behind it.
const FULL_STOPS: [char; 4] = ['。', '！', '？', '｡'];

pub(super) fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a word may end between two letters that no space stands between.
pub(super) fn is_apart(last: char, next: char) -> bool {
    is_ideograph(last)
        || is_ideograph(next)
        || (FULL_STOPS.contains(&last) && next.is_alphanumeric())
}

/// Whether a letter is a word by itself that folding leaves as it is.
pub(super) fn is_plain_ideograph(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}')
}

/// What stands before the items of a list: "-", "2.", "##".
pub(super) fn is_list_mark(unit: &str) -> bool {
    let number = unit.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = (1..=2).contains(&number.len()) && number.chars().all(|it| it.is_ascii_digit());
    is_number || unit.chars().all(|letter| "-*•·–—>#+".contains(letter))
}

/// Whether a sentence ends with this word.
pub(super) fn ends_sentence(unit: &str) -> bool {
    let bare = unit.trim_end_matches(|letter| ")]}\"'”’»*_`".contains(letter));
    let Some(word) = bare.strip_suffix(['.', '!', '?', '…', '؟', '।', '॥', '۔']) else {
        return bare.ends_with(FULL_STOPS);
    };
    let word = word.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    !(bare.ends_with('.') && SHORT.iter().any(|short| word.eq_ignore_ascii_case(short)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_their_stops_and_not_after_titles() {
        for end in ["here.", "really?\"", "wait…", "stop!**", "好。", "नहीं।", "why?!", "etc."]
        {
            assert!(ends_sentence(end), "{end}");
        }
        for within in ["here,", "Dr.", "(e.g.", "3.5", "a", "…and", "well:"] {
            assert!(!ends_sentence(within), "{within}");
        }
    }

    #[test]
    fn marks_of_lists_are_no_words() {
        for mark in ["-", "*", "1.", "12)", "•", "###"] {
            assert!(is_list_mark(mark), "{mark}");
        }
        for word in ["988", "112.", "a.", "**Breathe", "5", ""] {
            assert!(!is_list_mark(word) || word.is_empty(), "{word}");
        }
    }
}
