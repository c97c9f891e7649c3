//! User names: what they may look like, and when two of them are the same.

mod reserved;
mod scripts;

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed as Normalizer;

use crate::error::Error;
use crate::folding::fold;

/// Longest name in characters, as the documented API has it.
const MAX_CHARACTERS: usize = 150;
/// What names may hold besides letters and digits of any script.
const PUNCTUATION: &str = "@.+-_";
/// What is said of a name that holds anything else.
const ODD: &str =
    "Enter a valid username. It may contain only letters, numbers, and @/./+/-/_ characters.";
/// What is said of a name that is too long.
const LONG: &str = "Ensure this field has no more than 150 characters.";

/// A name that may be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Username {
    /// As it is shown: what was typed, composed (NFC), so that one keyboard's é is another's.
    pub(crate) display: String,
    /// What must be unique: without regard to case, width and ligatures.
    pub(crate) key: String,
}

impl Username {
    /// Judges a name that somebody wants to register.
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        let name = Self::read(name)?;
        if scripts::are_invisible(&name.key) {
            return Err(Error::UsernameInvalid(ODD));
        }
        if scripts::are_mixed(&name.key) {
            return Err(Error::UsernameInvalid(
                "Enter a valid username. It may not mix letters of different scripts.",
            ));
        }
        if reserved::covers(&name.display, &name.key) {
            return Err(Error::UsernameInvalid("This username is reserved."));
        }
        Ok(name)
    }

    /// Reads a name that somebody logs in with; `None` if no account can have it. Some have names
    /// from before the rules about looks.
    pub(crate) fn look_up(name: &str) -> Option<Self> {
        Self::read(name).ok()
    }

    /// What a name comes down to, in whatever spelling; one that no account can have is left as it is, so
    /// that it can be counted like any other.
    pub(crate) fn key_of(name: &str) -> Cow<'_, str> {
        Self::look_up(name).map_or(Cow::Borrowed(name), |name| Cow::Owned(name.key))
    }

    /// Reads a name of the right length and characters.
    fn read(name: &str) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::UsernameInvalid("This field may not be blank."));
        }
        // Before anything is normalised: that can be made expensive by length.
        if name.chars().count() > MAX_CHARACTERS {
            return Err(Error::UsernameInvalid(LONG));
        }
        let display = compose(name);
        let key = fold(name).to_string();
        let plain = |text: &str| {
            text.chars()
                .all(|character| character.is_alphanumeric() || PUNCTUATION.contains(character))
        };
        if !plain(&display) || !plain(&key) || key.is_empty() {
            return Err(Error::UsernameInvalid(ODD));
        }
        if key.chars().count() > MAX_CHARACTERS {
            return Err(Error::UsernameInvalid(LONG));
        }
        Ok(Self { display, key })
    }
}

fn compose(name: &str) -> String {
    Normalizer::new_nfc().normalize(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(name: &str) -> String {
        Username::parse(name).unwrap().key
    }

    #[test]
    fn names_of_many_scripts_are_welcome() {
        for name in [
            "ada",
            "Ada_Lovelace",
            "ada@example.org",
            "a.b+c-d",
            "émile",
            "你好",
            "Ёлка",
            "अदा",
            "7",
        ] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
        assert!(Username::parse(&"a".repeat(150)).is_ok());
    }

    #[test]
    fn what_cannot_be_told_apart_or_breaks_a_line_is_refused() {
        for name in [
            "",
            " ",
            " ada",
            "a b",
            "a\nb",
            "nul\0",
            "<b>",
            "a'b",
            "😀",
            "\u{202e}ada",
            "a\u{200b}b",
            "a\u{ad}b",
            "a\u{2066}b",
            "\u{feff}ada",
            "\u{7f}ada",
            // Fillers: letters, by name.
            "\u{3164}",
            "ada\u{115f}",
        ] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
        assert!(Username::parse(&"a".repeat(151)).is_err());
        // One character that becomes eighteen.
        assert!(Username::parse(&"\u{fdfa}".repeat(150)).is_err());
    }

    #[test]
    fn the_same_name_in_another_spelling_is_the_same_name() {
        assert_eq!(key_of("Alice"), key_of("ALICE"));
        assert_eq!(key_of("e\u{301}mile"), key_of("ÉMILE"));
        assert_eq!(key_of("ａｄａ"), key_of("ada"));
        assert_eq!(key_of("straße"), key_of("STRASSE"));
        assert_eq!(key_of("ﬁona"), key_of("fiona"));
        assert_ne!(key_of("user1"), key_of("userl"));
        for name in ["Alice", "ﬁona", "Straße", "ÉMILE", "ᾳ"] {
            let key = key_of(name);
            assert_eq!(key_of(&key), key, "{name}: the key of a key is itself");
        }
    }

    #[test]
    fn nobody_can_take_a_name_that_passes_for_another() {
        let problem = |name: &str| match Username::parse(name) {
            Err(Error::UsernameInvalid(problem)) => problem,
            _ => panic!("{name}"),
        };
        for name in ["admin", "AI-Buddy", "ｒｏｏｔ", "admın", "һеӏр"] {
            assert_eq!(problem(name), "This username is reserved.", "{name}");
        }
        for name in ["аdmin", "аlice", "user١", "alice_ελλ"] {
            assert!(problem(name).contains("different scripts"), "{name}");
        }
        for name in ["user1", "userl", "userI", "user0", "userO", "com", "corn", "ada你好"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_from_before_a_rule_can_still_log_in() {
        for name in ["admin", "аlice", "\u{1160}"] {
            assert!(Username::parse(name).is_err() && Username::look_up(name).is_some(), "{name}");
        }
        assert!(Username::look_up("a b").is_none());
    }

    #[test]
    fn a_name_is_shown_as_it_was_typed() {
        assert_eq!(Username::parse("ALICE").unwrap().display, "ALICE");
        assert_eq!(Username::parse("e\u{301}mile").unwrap().display, "émile");
    }
}
