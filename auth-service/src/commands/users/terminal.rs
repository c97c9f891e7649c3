//! Asking the person at the terminal, or whoever stands in for one.

use std::io::{self, BufRead, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, ensure};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

/// Most bytes of a line that are looked at: more than any password has.
const LONGEST: u64 = 4096;

/// A new password: from the terminal, twice and without showing it, or the first line of standard input.
pub(super) async fn ask_for_password() -> anyhow::Result<SecretString> {
    tokio::task::spawn_blocking(|| {
        if !io::stdin().is_terminal() {
            return first_line(io::stdin().lock());
        }
        let ask = |prompt| {
            let answer = rpassword::prompt_password(prompt).map(SecretString::from);
            answer.context("the terminal does not take a password; nothing was changed")
        };
        let (first, again) = (ask("Password: ")?, ask("Once more: ")?);
        let are_same = first.expose_secret() == again.expose_secret();
        ensure!(are_same, "these are two passwords; nothing was changed");
        Ok(first)
    })
    .await?
}

/// Lets somebody type `name` before something is done that cannot be undone.
pub(super) async fn confirm(what: String, name: String) -> anyhow::Result<()> {
    tokio::task::spawn_blocking(move || {
        ensure!(io::stdin().is_terminal(), "nobody can be asked here; add --yes to do it");
        write!(io::stderr(), "{what}\nType {name} to go on: ")?;
        let mut answer = String::new();
        io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
        ensure!(answer.trim() == name, "that was another name; nothing was changed");
        Ok(())
    })
    .await?
}

fn first_line(input: impl BufRead) -> anyhow::Result<SecretString> {
    let mut line = Zeroizing::new(String::new());
    let count = input.take(LONGEST).read_line(&mut line);
    // The error is not repeated: it may quote what it could not read.
    let count = count.ok().context("standard input is not a line of text; nothing was changed")?;
    ensure!(count > 0, "no password came from standard input; nothing was changed");
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_and_all_of_it() {
        for (input, password) in [
            ("correct horse\n", "correct horse"),
            ("correct horse\r\nanother line\n", "correct horse"),
            (" correct horse ", " correct horse "),
            ("\n", ""),
        ] {
            assert_eq!(first_line(input.as_bytes()).unwrap().expose_secret(), password);
        }
        let endless = "x".repeat(1_000_000);
        assert_eq!(first_line(endless.as_bytes()).unwrap().expose_secret().len(), 4096);
        for broken in [b"".as_slice(), b"canary\xff\n"] {
            let why = format!("{:#}", first_line(broken).unwrap_err());
            assert!(why.contains("standard input") && !why.contains("canary"), "{why}");
        }
    }
}
