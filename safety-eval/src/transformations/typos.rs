//! Slips of the finger.

use super::words;
use crate::dice::Dice;

/// The rows of the keyboard that most people have.
const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// From here on come scripts without an alphabet, where a slip is something else.
const NO_ALPHABET: char = '\u{2e80}';

#[derive(Clone, Copy)]
enum Slip {
    Swap,
    Drop,
    Double,
    Neighbour,
}

const SLIPS: [Slip; 4] = [Slip::Swap, Slip::Drop, Slip::Double, Slip::Neighbour];

/// One slip in every word of five letters or more.
pub(super) fn slip_in_long_words(text: &str, dice: &mut Dice) -> String {
    words::rewrite(text, |word| if letters(word) >= 5 { slip(word, dice) } else { word.to_owned() })
}

/// One slip in one word of four letters or more.
pub(super) fn slip_in_one_word(text: &str, dice: &mut Dice) -> String {
    let mut pieces: Vec<_> = words::split(text).into_iter().map(str::to_owned).collect();
    let long = pieces.iter().enumerate().filter(|(_, piece)| letters(piece) >= 4);
    let long: Vec<_> = long.map(|(at, _)| at).collect();
    if let Some(piece) = dice.pick(&long).and_then(|at| pieces.get_mut(at)) {
        *piece = slip(piece, dice);
    }
    pieces.concat()
}

/// How many letters of an alphabet a word has.
fn letters(word: &str) -> usize {
    word.chars().filter(|letter| letter.is_alphabetic() && *letter < NO_ALPHABET).count()
}

/// The word with one slip in it. The first letter stays, as it nearly always does.
fn slip(word: &str, dice: &mut Dice) -> String {
    let mut word: Vec<char> = word.chars().collect();
    let inner: Vec<usize> = (1..word.len()).filter(|at| word[*at].is_alphabetic()).collect();
    let swaps = |at: &usize| {
        word.get(at + 1).is_some_and(|next| next.is_alphabetic() && *next != word[*at])
    };
    let swappable: Vec<usize> = inner.iter().copied().filter(swaps).collect();
    let (Some(at), Some(kind)) = (dice.pick(&inner), dice.pick(&SLIPS)) else {
        return word.into_iter().collect();
    };
    match (kind, dice.pick(&swappable), neighbour(word[at], dice)) {
        (Slip::Swap, Some(at), _) => word.swap(at, at + 1),
        (Slip::Drop, ..) => drop(word.remove(at)),
        (Slip::Neighbour, _, Some(key)) => word[at] = key,
        _ => word.insert(at, word[at]),
    }
    word.into_iter().collect()
}

/// A key beside this one.
fn neighbour(letter: char, dice: &mut Dice) -> Option<char> {
    let row = KEYS.iter().find(|row| row.contains(letter))?;
    let at = row.find(letter)?;
    let beside = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
    let beside: Vec<char> = beside.filter_map(|at| row.chars().nth(at)).collect();
    dice.pick(&beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many edits of one letter lie between two words, neighbours swapped being one.
    fn distance(from: &str, to: &str) -> usize {
        let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
        let mut cost = vec![vec![0; to.len() + 1]; from.len() + 1];
        for i in 0..=from.len() {
            for j in 0..=to.len() {
                cost[i][j] = match (i, j) {
                    (0, _) | (_, 0) => i + j,
                    _ => {
                        let same = usize::from(from[i - 1] != to[j - 1]);
                        (cost[i - 1][j - 1] + same).min(cost[i - 1][j] + 1).min(cost[i][j - 1] + 1)
                    }
                };
                if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                    cost[i][j] = cost[i][j].min(cost[i - 2][j - 2] + 1);
                }
            }
        }
        cost[from.len()][to.len()]
    }

    #[test]
    fn a_slip_is_one_edit_behind_the_first_letter() {
        for seed in 0..200 {
            let dice = &mut Dice::seeded("slip", &seed.to_string());
            for word in ["morning", "couldn't", "letters", "añoranza", "пирог", "شكرا"] {
                let slipped = slip(word, dice);
                assert_eq!(distance(word, &slipped), 1, "{word} {slipped}");
                assert_eq!(slipped.chars().next(), word.chars().next());
            }
        }
    }

    #[test]
    fn only_long_words_slip_and_each_of_them_does() {
        let dice = &mut Dice::seeded("slip", "text");
        let slipped = slip_in_long_words("the morning is late, again", dice);
        let words: Vec<_> = slipped.split(' ').collect();
        assert_eq!([words[0], words[2], words[3]], ["the", "is", "late,"]);
        assert_ne!(words[1], "morning");
        assert_ne!(words[4], "again");
    }

    #[test]
    fn a_single_slip_is_one_edit_of_the_whole_text() {
        for text in ["the morning is late, again", "early one morning"] {
            let dice = &mut Dice::seeded("slip", text);
            assert_eq!(distance(text, &slip_in_one_word(text, dice)), 1);
        }
        for text in ["oh no", "", "我今天很累"] {
            assert_eq!(slip_in_one_word(text, &mut Dice::seeded("slip", text)), text);
        }
    }
}
