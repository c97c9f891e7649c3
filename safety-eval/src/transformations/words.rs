//! Where words begin and end.

/// Whether a character belongs to a word: letters, digits, apostrophes, and the sign that joins
/// letters in Hindi.
pub(super) fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '\u{94d}')
}

/// The text in pieces that are words or what stands between them.
pub(super) fn split(text: &str) -> Vec<&str> {
    text.split_inclusive(|letter| !is_part(letter))
        .flat_map(part)
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// A word apart from the one character that ended it.
fn part(piece: &str) -> [&str; 2] {
    match piece.char_indices().next_back() {
        Some((at, last)) if !is_part(last) => piece.split_at(at).into(),
        _ => [piece, ""],
    }
}

/// The text with its words rewritten and all else as it was.
pub(super) fn rewrite(text: &str, mut write: impl FnMut(&str) -> String) -> String {
    let pieces = split(text).into_iter();
    pieces.map(|piece| if is_word(piece) { write(piece) } else { piece.to_owned() }).collect()
}

/// Whether a piece is a word.
pub(super) fn is_word(piece: &str) -> bool {
    piece.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_apostrophes_and_the_pieces_make_the_text_again() {
        let text = "Don't go... ¿qué? 12 o'clock";
        let pieces = split(text);
        assert_eq!(pieces.concat(), text);
        let words: Vec<_> = pieces.into_iter().filter(|piece| is_word(piece)).collect();
        assert_eq!(words, ["Don't", "go", "qué", "12", "o'clock"]);
    }

    #[test]
    fn rewriting_touches_words_alone() {
        assert_eq!(rewrite("a b, c!", |word| word.repeat(2)), "aa bb, cc!");
    }
}
