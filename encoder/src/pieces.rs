//! Words as pieces that have a meaning: the longest known ones, from the left (`WordPiece`).

use std::collections::HashMap;

use crate::Error;

/// Marks a piece that goes on in the middle of a word.
const GOES_ON: &str = "##";
/// Letters of the longest word that is taken apart: a longer one is as good as unknown.
const LONGEST: usize = 40;

/// All pieces, and their numbers.
#[derive(Debug)]
pub(crate) struct Pieces {
    first: HashMap<String, usize>,
    later: HashMap<String, usize>,
    unknown: usize,
    start: usize,
    end: usize,
}

impl Pieces {
    pub(crate) fn read(vocabulary: &str) -> Result<Self, Error> {
        let (mut first, mut later) = (HashMap::new(), HashMap::new());
        for (number, piece) in vocabulary.lines().enumerate() {
            match piece.strip_prefix(GOES_ON) {
                Some(piece) if !piece.is_empty() => later.insert(piece.to_owned(), number),
                _ => first.insert(piece.to_owned(), number),
            };
        }
        let number = |piece| first.get(piece).copied().ok_or(Error::Piece(piece));
        let (unknown, start, end) = (number("[UNK]")?, number("[CLS]")?, number("[SEP]")?);
        Ok(Self { first, later, unknown, start, end })
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.later.len()
    }

    /// The pieces of a text, whose words stand between spaces, with a start and an end around them:
    /// at most so many.
    pub(crate) fn of(&self, text: &str, most: usize) -> Vec<usize> {
        let mut found = vec![self.start];
        for word in text.split_whitespace() {
            if found.len() + 1 >= most {
                break;
            }
            self.take_apart(word, &mut found);
        }
        found.truncate(most.saturating_sub(1));
        found.push(self.end);
        found
    }

    fn take_apart(&self, word: &str, found: &mut Vec<usize>) {
        let known = found.len();
        let mut rest = if word.chars().count() > LONGEST { "" } else { word };
        while !rest.is_empty() {
            let pieces = if found.len() == known { &self.first } else { &self.later };
            let ends = rest.char_indices().map(|(at, letter)| at + letter.len_utf8()).rev();
            let longest = ends
                .filter_map(|end| rest.split_at_checked(end))
                .find_map(|(piece, after)| pieces.get(piece).map(|number| (*number, after)));
            let Some((number, after)) = longest else {
                found.truncate(known);
                break;
            };
            found.push(number);
            rest = after;
        }
        if found.len() == known {
            found.push(self.unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &str = "[UNK]\n[CLS]\n[SEP]\nhope\n##less\n##ness\nhop\n.\n#";

    #[test]
    fn words_are_taken_apart_into_the_longest_pieces() {
        let pieces = Pieces::read(VOCABULARY).unwrap();
        assert_eq!(pieces.of("hopelessness .", 9), [1, 3, 4, 5, 7, 2]);
        assert_eq!(pieces.of("hopeful #", 9), [1, 0, 8, 2], "no piece of an unknown word");
        assert_eq!(pieces.of("", 9), [1, 2]);
        assert_eq!(pieces.of(&"o".repeat(50), 9), [1, 0, 2]);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let pieces = Pieces::read(VOCABULARY).unwrap();
        assert_eq!(pieces.of("hope . hopeless . hope", 5), [1, 3, 7, 3, 2]);
    }

    #[test]
    fn a_vocabulary_without_the_marks_is_refused() {
        assert!(matches!(Pieces::read("hope"), Err(Error::Piece("[UNK]"))));
    }
}
