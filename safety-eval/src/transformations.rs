//! Other ways to write the same thing: a hit must survive each of them.

mod disguises;
mod fillers;
mod typos;
mod words;

use crate::dice::Dice;

/// A way to write a text differently without saying anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transformation {
    /// EVERYTHING IN CAPITALS.
    UpperCase,
    /// Every Word With A Capital.
    TitleCase,
    /// One slip of the finger in every word of five letters or more.
    TypoInLongWords,
    /// One slip of the finger in one word of four letters or more: in a shorter one it would often
    /// be another word.
    TypoInOneWord,
    /// L3773r5 as digits, about half of them.
    LeetPartly,
    /// L3773r5 as digits, all that have one.
    LeetFully,
    /// Characters that nobody sees, inside words.
    ZeroWidth,
    /// L e t t e r s, words apart by two spaces.
    SpacedLetters,
    /// L e t t e r s, words apart by a slash.
    SlashedLetters,
    /// One of the words that a filter would look for, s p a c e d.
    SpacedWord,
    /// Curly apostrophes for straight ones.
    CurlyApostrophes,
    /// No apostrophes.
    NoApostrophes,
    /// Emoji between words.
    EmojiBetween,
    /// Emoji at both ends.
    EmojiAround,
    /// Something harmless said before.
    FillerBefore,
    /// Something harmless said after.
    FillerAfter,
    /// Something harmless said before and after.
    FillerAround,
    /// Many exclamation marks.
    Exclamations,
    /// No punctuation but apostrophes.
    NoPunctuation,
}

impl Transformation {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::UpperCase,
        Self::TitleCase,
        Self::TypoInLongWords,
        Self::TypoInOneWord,
        Self::LeetPartly,
        Self::LeetFully,
        Self::ZeroWidth,
        Self::SpacedLetters,
        Self::SlashedLetters,
        Self::SpacedWord,
        Self::CurlyApostrophes,
        Self::NoApostrophes,
        Self::EmojiBetween,
        Self::EmojiAround,
        Self::FillerBefore,
        Self::FillerAfter,
        Self::FillerAround,
        Self::Exclamations,
        Self::NoPunctuation,
    ];

    /// What it is called in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UpperCase => "upper case",
            Self::TitleCase => "title case",
            Self::TypoInLongWords => "typo in long words",
            Self::TypoInOneWord => "typo in one word",
            Self::LeetPartly => "leet, partly",
            Self::LeetFully => "leet, fully",
            Self::ZeroWidth => "zero width",
            Self::SpacedLetters => "spaced letters",
            Self::SlashedLetters => "slashed letters",
            Self::SpacedWord => "spaced word",
            Self::CurlyApostrophes => "curly apostrophes",
            Self::NoApostrophes => "no apostrophes",
            Self::EmojiBetween => "emoji between",
            Self::EmojiAround => "emoji around",
            Self::FillerBefore => "filler before",
            Self::FillerAfter => "filler after",
            Self::FillerAround => "filler around",
            Self::Exclamations => "exclamations",
            Self::NoPunctuation => "no punctuation",
        }
    }

    /// Whether it leaves the text as it is and adds harmless sentences to it.
    #[must_use]
    pub fn only_adds(self) -> bool {
        matches!(self, Self::FillerBefore | Self::FillerAfter | Self::FillerAround)
    }

    /// The text written this way: always the same for the same text, and unchanged where there is
    /// nothing to change. Harmless sentences come in the language with this code.
    #[must_use]
    pub fn apply(self, text: &str, language: &str) -> String {
        let dice = &mut Dice::seeded(self.name(), text);
        match self {
            Self::UpperCase => text.to_uppercase(),
            Self::TitleCase => disguises::capitalise(text),
            Self::TypoInLongWords => typos::slip_in_long_words(text, dice),
            Self::TypoInOneWord => typos::slip_in_one_word(text, dice),
            Self::LeetPartly => disguises::leet(text, || dice.flip()),
            Self::LeetFully => disguises::leet(text, || true),
            Self::ZeroWidth => disguises::hide(text, dice),
            Self::SpacedLetters => disguises::space(text, "  "),
            Self::SlashedLetters => disguises::space(text, " / "),
            Self::SpacedWord => disguises::space_a_word(text, dice),
            Self::CurlyApostrophes => text.replace('\'', "’"),
            Self::NoApostrophes => text.replace(['\'', '’'], ""),
            Self::EmojiBetween => fillers::strew_emoji(text, dice),
            Self::EmojiAround => fillers::surround_with_emoji(text, dice),
            Self::FillerBefore => fillers::say_before(text, language, dice),
            Self::FillerAfter => fillers::say_after(text, language, dice),
            Self::FillerAround => {
                let text = fillers::say_after(text, language, dice);
                fillers::say_before(&text, language, dice)
            }
            Self::Exclamations => fillers::exclaim(text),
            Self::NoPunctuation => disguises::unpunctuate(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "I can't sleep. Honestly, I'd rather kill time than lie awake until morning.";

    fn letters(text: &str) -> String {
        text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
    }

    #[test]
    fn each_changes_the_text_and_does_so_the_same_way_every_time() {
        for (at, transformation) in Transformation::ALL.into_iter().enumerate() {
            let name = transformation.name();
            let changed = transformation.apply(TEXT, "en");
            assert_ne!(changed, TEXT, "{name}");
            assert_eq!(changed, transformation.apply(TEXT, "en"), "{name}");
            let others = &Transformation::ALL[..at];
            assert!(others.iter().all(|other| other.name() != name), "{name} twice");
        }
    }

    #[test]
    fn what_only_concerns_looks_keeps_every_letter() {
        use Transformation as T;
        for transformation in [
            T::UpperCase,
            T::TitleCase,
            T::ZeroWidth,
            T::SpacedLetters,
            T::SlashedLetters,
            T::SpacedWord,
            T::CurlyApostrophes,
            T::NoApostrophes,
            T::EmojiBetween,
            T::EmojiAround,
            T::Exclamations,
            T::NoPunctuation,
        ] {
            let changed = transformation.apply(TEXT, "en");
            assert_eq!(letters(&changed), letters(TEXT), "{}", transformation.name());
        }
    }

    #[test]
    fn what_only_adds_keeps_the_text_in_one_piece() {
        for transformation in Transformation::ALL {
            let changed = transformation.apply(TEXT, "en");
            assert_eq!(
                changed.contains(TEXT),
                transformation.only_adds() || { transformation == Transformation::EmojiAround },
                "{}",
                transformation.name()
            );
        }
    }

    #[test]
    fn apostrophes_are_curled_or_dropped_and_nothing_else() {
        let text = "I can't, it's late";
        assert_eq!(Transformation::CurlyApostrophes.apply(text, "en"), "I can’t, it’s late");
        assert_eq!(Transformation::NoApostrophes.apply(text, "en"), "I cant, its late");
        assert_eq!(Transformation::NoApostrophes.apply("it is late", "en"), "it is late");
    }
}
