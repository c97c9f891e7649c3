//! Which passwords are good enough.

use secrecy::{ExposeSecret as _, SecretString};

use crate::error::Error;

/// Fewest characters: NIST SP 800-63B 5.1.1.2, OWASP ASVS 6.2.1.
const MIN_CHARACTERS: usize = 8;
/// Most characters: long enough for any passphrase, short enough to judge quickly.
const MAX_CHARACTERS: usize = 256;
/// How much of a password is compared with the list of common ones.
const JUDGED_CHARACTERS: usize = 64;
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
    let judged: String = password.chars().take(JUDGED_CHARACTERS).collect();
    if zxcvbn::zxcvbn(&judged, &[username]).guesses() < TOO_FEW_GUESSES {
        return Err(Error::PasswordInvalid("This password is too easy to guess."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(password: &str) -> bool {
        check(&password.into(), "ada").is_ok()
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
}
