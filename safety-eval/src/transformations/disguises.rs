//! Spellings that hide words from a filter, on purpose or not.

use super::words;
use crate::dice::Dice;

/// Characters that take no room: spaces, joiners, a byte order mark, a soft hyphen.
const UNSEEN: [char; 6] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'];

/// Words that a filter would look for, and that somebody would space out.
const WATCHED: [&str; 34] = [
    "kill",
    "killing",
    "die",
    "dying",
    "dead",
    "death",
    "suicide",
    "suicidal",
    "overdose",
    "pills",
    "hang",
    "jump",
    "cut",
    "cutting",
    "hurt",
    "harm",
    "alive",
    "living",
    "life",
    "myself",
    "morir",
    "matarme",
    "suicidarme",
    "muerto",
    "mourir",
    "suicider",
    "mort",
    "sterben",
    "umbringen",
    "leben",
    "morrer",
    "matar",
    "الموت",
    "मरना",
];

/// Every Word With A Capital.
pub(super) fn capitalise(text: &str) -> String {
    words::rewrite(text, |word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters.flat_map(char::to_lowercase)).collect()
    })
}

/// Digits for the letters that look like them, where `takes` says so.
pub(super) fn leet(text: &str, mut takes: impl FnMut() -> bool) -> String {
    let digit = |letter: char| match letter.to_ascii_lowercase() {
        'i' => Some('1'),
        'e' => Some('3'),
        'a' => Some('4'),
        'o' => Some('0'),
        's' => Some('5'),
        't' => Some('7'),
        _ => None,
    };
    text.chars().map(|letter| digit(letter).filter(|_| takes()).unwrap_or(letter)).collect()
}

/// Something unseen inside every word.
pub(super) fn hide(text: &str, dice: &mut Dice) -> String {
    words::rewrite(text, |word| {
        let mut letters: Vec<char> = word.chars().collect();
        let inner: Vec<usize> = (1..letters.len()).collect();
        if let (Some(at), Some(unseen)) = (dice.pick(&inner), dice.pick(&UNSEEN)) {
            letters.insert(at, unseen);
        }
        letters.into_iter().collect()
    })
}

/// A space between the letters of a word.
fn spread(word: &str) -> String {
    let letters: Vec<String> = word.chars().map(String::from).collect();
    letters.join(" ")
}

/// All letters spaced, and `gap` between words.
pub(super) fn space(text: &str, gap: &str) -> String {
    text.split_whitespace().map(spread).collect::<Vec<_>>().join(gap)
}

/// One watched word spaced, if there is one.
pub(super) fn space_a_word(text: &str, dice: &mut Dice) -> String {
    let pieces = words::split(text);
    let is_watched = |piece: &str| WATCHED.contains(&piece.to_lowercase().as_str());
    let found = pieces.iter().enumerate().filter(|(_, piece)| is_watched(piece));
    let chosen = dice.pick(&found.map(|(at, _)| at).collect::<Vec<_>>());
    let pieces = pieces.iter().enumerate();
    pieces
        .map(|(at, piece)| match chosen {
            Some(chosen) if chosen == at => spread(piece),
            _ => (*piece).to_owned(),
        })
        .collect()
}

/// Nothing but words, digits as they were written, and single spaces.
pub(super) fn unpunctuate(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_numeric())
    };
    let plain = letters.iter().enumerate().map(|(at, &letter)| {
        let in_number = is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1));
        if is_mark(letter) && !in_number { ' ' } else { letter }
    });
    plain.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is punctuation, of any of the languages spoken here; not an apostrophe.
fn is_mark(letter: char) -> bool {
    let is_ascii = letter.is_ascii_punctuation() && letter != '\'';
    is_ascii || "…–—‘“”«»¿¡。，、！？；：「」（）،؛؟।".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_come_at_the_beginning_of_words_only() {
        assert_eq!(capitalise("i don't KNOW, été"), "I Don't Know, Été");
    }

    #[test]
    fn digits_stand_for_the_letters_they_look_like() {
        assert_eq!(leet("To see it again", || true), "70 533 17 4g41n");
        assert_eq!(leet("To see it again", || false), "To see it again");
        let mut takes = false;
        let mut every_other = || {
            takes = !takes;
            !takes
        };
        assert_eq!(leet("toast", &mut every_other), "t0a5t");
    }

    #[test]
    fn what_is_hidden_in_words_is_unseen_and_leaves_the_ends_alone() {
        let text = "such a long night";
        let hidden = hide(text, &mut Dice::seeded("hide", text));
        let seen: String = hidden.chars().filter(|letter| !UNSEEN.contains(letter)).collect();
        assert_eq!(seen, text);
        assert_eq!(hidden.chars().count(), text.chars().count() + 3, "a has no inside");
        assert!(hidden.split(' ').all(|word| !word.starts_with(UNSEEN) && !word.ends_with(UNSEEN)));
    }

    #[test]
    fn letters_are_spaced_and_words_still_told_apart() {
        assert_eq!(space("I want tea", "  "), "I  w a n t  t e a");
        assert_eq!(space("I want tea", " / "), "I / w a n t / t e a");
    }

    #[test]
    fn one_watched_word_is_spaced_and_the_rest_stays() {
        let dice = &mut Dice::seeded("space", "x");
        assert_eq!(space_a_word("No, I jump rope.", dice), "No, I j u m p rope.");
        assert_eq!(space_a_word("I had tea.", dice), "I had tea.");
        let one = space_a_word("dead or alive", dice);
        assert!(["d e a d or alive", "dead or a l i v e"].contains(&one.as_str()), "{one}");
    }

    #[test]
    fn punctuation_goes_and_apostrophes_and_numbers_stay() {
        let text = "Well... it's 3:30, so – \"good\" night!";
        assert_eq!(unpunctuate(text), "Well it's 3:30 so good night");
        assert_eq!(unpunctuate("¿Qué? 你好，我累。"), "Qué 你好 我累");
    }
}
