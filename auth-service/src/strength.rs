//! Which passwords are good enough.

use std::iter;

use secrecy::{ExposeSecret as _, SecretString};

use crate::error::Error;
use crate::folding::fold;

/// Fewest characters: NIST SP 800-63B 5.1.1.2, OWASP ASVS 6.2.1.
const MIN_CHARACTERS: usize = 8;
/// Most characters: long enough for any passphrase, short enough to judge quickly.
const MAX_CHARACTERS: usize = 256;
/// From here on a text is on no list of common passwords. Judging a longer one by them takes long:
/// in 64 characters that all may stand for letters, seconds.
const LONG_CHARACTERS: usize = 32;
/// A user name and fewer characters than these are as good as the user name.
const MIN_BESIDE_NAME: usize = 4;
/// A password that fewer guesses find is as good as none: the twenty thousand most common
/// passwords, and a user name with some digits behind it, are what guessing starts with.
const TOO_FEW_GUESSES: u64 = 20_000;

/// Judges a new password for the account `username`. Takes a few milliseconds of computing.
pub(crate) fn check(password: &SecretString, username: &str) -> Result<(), Error> {
    let password = password.expose_secret();
    let count = password.chars().count();
    if password.trim().is_empty() {
        return Err(Error::PasswordInvalid("This field may not be blank."));
    }
    if password.contains('\0') {
        return Err(Error::PasswordInvalid("Null characters are not allowed."));
    }
    if count < MIN_CHARACTERS {
        return Err(Error::PasswordInvalid(
            "This password is too short. It must contain at least 8 characters.",
        ));
    }
    if count > MAX_CHARACTERS {
        return Err(Error::PasswordInvalid(
            "This password is too long. It may contain at most 256 characters.",
        ));
    }
    // As it is, and as it is without capitals, wide letters and the like: both are guessed.
    let (folded, name) = (fold(password), fold(username));
    let is_common = is_common(password, &[]) || is_common(&folded, &hints(&name));
    if is_common || count_beside(&folded, &name) < MIN_BESIDE_NAME {
        return Err(Error::PasswordInvalid("This password is too easy to guess."));
    }
    Ok(())
}

/// Whether a text is among those that guessing starts with, for somebody known by `hints`.
fn is_common(text: &str, hints: &[&str]) -> bool {
    text.chars().count() < LONG_CHARACTERS
        && zxcvbn::zxcvbn(text, hints).guesses() < TOO_FEW_GUESSES
}

/// What is guessed first of somebody with this name: the name and its parts.
fn hints(name: &str) -> Vec<&str> {
    let parts = name.split(|character: char| !character.is_alphanumeric());
    let all = iter::once(name).chain(parts);
    all.filter(|hint| (1..LONG_CHARACTERS).contains(&hint.chars().count())).collect()
}

/// How many characters of a password are not the user name.
fn count_beside(password: &str, name: &str) -> usize {
    password.split(name).map(|part| part.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(password: &str) -> bool {
        accepted_for("ada", password)
    }

    fn accepted_for(username: &str, password: &str) -> bool {
        check(&password.into(), username).is_ok()
    }

    #[test]
    fn long_enough_and_not_on_every_list() {
        for good in
            ["testpass123", "correct horse", "battery staple", " secret words ", "пароль из слов"]
        {
            assert!(accepted(good), "{good}");
        }
        for bad in [
            "",
            "short12",
            "        ",
            "password",
            "password1",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "aaaaaaaa",
            "ada12345",
            "nul\0byte!",
        ] {
            assert!(!accepted(bad), "{bad:?}");
        }
        assert!(!accepted(&"correct horse ".repeat(20)));
    }

    #[test]
    fn a_common_password_in_other_letters_is_common() {
        for bad in [
            "ｐａｓｓｗｏｒｄ１",
            "PASSWORD1",
            "PaSsWoRd1",
            "ⓟⓐⓢⓢⓦⓞⓡⓓ",
            "１２３４５６７８",
            "ﬀﬀﬀﬀﬀﬀﬀﬀ",
        ] {
            assert!(!accepted(bad), "{bad}");
        }
    }

    #[test]
    fn the_user_name_and_little_else_is_no_password() {
        let long = "a.very_long-name+of@example.org".repeat(4);
        for name in ["ada", "grace.hopper", "Émile", "李小龍李小龍", "mixedCASE", &long] {
            for bad in [
                format!("{name}123"),
                format!("123{name}"),
                format!("{}123", name.to_uppercase()),
                format!("{name}{name}"),
                format!("{name}{name}{name}"),
            ] {
                assert!(!accepted_for(name, &bad), "{bad} of {name}");
            }
            let phrase = format!("{name} once flew over the moon");
            assert!(accepted_for(name, &phrase), "{phrase}");
        }
        for (name, bad) in [
            ("ada", "ADA12345"),
            ("ada", "ａｄａ12345"),
            ("ａｄａ", "ada12345"),
            ("ada@example.org", "ada12345"),
            ("grace.hopper", "hopper123"),
        ] {
            assert!(!accepted_for(name, bad), "{bad} of {name}");
        }
    }

    #[test]
    fn any_characters_count_and_up_to_256_of_them() {
        let many = |text: &str, count| text.chars().cycle().take(count).collect::<String>();
        for text in
            ["\u{1f600}", "\u{1f600}\u{1f308}\u{2764}", "x", "\u{fdfa}", "e\u{301}", "4@8({[<3!1|"]
        {
            for count in [64, 256] {
                assert!(accepted(&many(text, count)), "{count} of {text}");
            }
            assert!(!accepted(&many(text, 257)), "{text}");
        }
    }
}
