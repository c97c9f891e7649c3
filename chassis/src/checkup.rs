//! A look at several things that a service needs, which says of each whether it is as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

/// A line for each thing that was looked at.
#[derive(Debug, Default)]
pub struct Checkup {
    lines: Vec<String>,
    failures: usize,
}

impl Checkup {
    /// Writes down what was found, which `told` puts in words if it is good. Returns it then.
    pub fn add<T>(
        &mut self,
        what: &str,
        outcome: Result<T, impl Into<anyhow::Error>>,
        told: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match outcome {
            Ok(found) => {
                self.lines.push(format!("ok      {what}: {}", told(&found)));
                Some(found)
            }
            Err(error) => {
                self.failures += 1;
                self.lines.push(format!("FAILED  {what}: {:#}", error.into()));
                None
            }
        }
    }

    /// This one and then another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self.failures += other.failures;
        self
    }

    /// All lines.
    ///
    /// # Errors
    /// All lines, if one of them tells of a failure.
    pub fn finish(self) -> anyhow::Result<String> {
        let text = self.lines.join("\n");
        match self.failures {
            0 => Ok(text),
            1 => bail!("one thing is not as it should be\n{text}"),
            failures => bail!("{failures} things are not as they should be\n{text}"),
        }
    }
}

/// Makes sure that nobody but their owner can read or write these files.
///
/// # Errors
/// A sentence that names the first that is not so.
pub fn for_owner_alone(files: &[PathBuf]) -> anyhow::Result<()> {
    files.iter().try_for_each(|file| permissions(file, 0o077, "600"))
}

/// Makes sure that others have none of the rights to a file that are `forbidden` to them, as bits of its mode.
///
/// # Errors
/// A sentence that names the file and the mode it should have, which is `advice`.
pub fn permissions(path: &Path, forbidden: u32, advice: &str) -> anyhow::Result<()> {
    let name = path.display();
    let found = fs::metadata(path).with_context(|| format!("{name} cannot be looked at"))?;
    let mode = found.permissions().mode();
    ensure!(mode & forbidden == 0, "others have access to {name}: chmod {advice} it");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use anyhow::anyhow;

    use super::*;

    fn looked(what: &str, outcome: anyhow::Result<u32>) -> Checkup {
        let mut checkup = Checkup::default();
        checkup.add(what, outcome, |count| format!("{count} of them"));
        checkup
    }

    #[test]
    fn each_thing_has_a_line_and_one_failure_is_enough() {
        let good = || looked("keys", Ok(2)).and(looked("names", Ok(3)));
        assert_eq!(good().finish().unwrap(), "ok      keys: 2 of them\nok      names: 3 of them");
        let bad = || looked("files", Err(anyhow!("gone").context("they cannot be read")));
        assert_eq!(
            good().and(bad()).finish().unwrap_err().to_string(),
            "one thing is not as it should be\nok      keys: 2 of them\nok      names: 3 of them\n\
             FAILED  files: they cannot be read: gone",
        );
        let worse = bad().and(bad()).finish().unwrap_err().to_string();
        assert!(worse.starts_with("2 things are not as they should be\n"), "{worse}");
    }

    #[test]
    fn whatever_others_have_access_to_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [mine, theirs] = ["mine", "theirs"].map(|name| folder.path().join(name));
        for (file, mode) in [(&mine, 0o600), (&theirs, 0o640)] {
            fs::write(file, "").unwrap();
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
        }
        assert!(for_owner_alone(std::slice::from_ref(&mine)).is_ok());
        let found = for_owner_alone(&[mine, theirs.clone()]).unwrap_err().to_string();
        assert_eq!(found, format!("others have access to {}: chmod 600 it", theirs.display()));
        assert!(for_owner_alone(&[folder.path().join("gone")]).is_err());
    }
}
