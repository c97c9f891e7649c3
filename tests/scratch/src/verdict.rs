//! What a program says that looks at whether all is as it should be.

use std::process::Output;

/// What it said.
#[derive(Debug)]
pub struct Verdict {
    /// Whether nothing is wrong.
    pub is_well: bool,
    /// What was looked at, a line each; before them stands how much is wrong, if anything is.
    pub lines: Vec<String>,
}

impl Verdict {
    /// What a program said until it ended.
    #[must_use]
    pub fn of(output: Output) -> Self {
        let is_well = output.status.success();
        let said = if is_well { output.stdout } else { output.stderr };
        let said = String::from_utf8(said).expect("it should be text");
        Self { is_well, lines: said.lines().map(str::to_owned).collect() }
    }

    /// The line of the one thing that is wrong.
    #[must_use]
    pub fn failure(&self) -> &str {
        let failed: Vec<_> = self.lines.iter().filter(|line| line.starts_with("FAILED")).collect();
        assert!(!self.is_well && failed.len() == 1, "{:?}", self.lines);
        failed[0]
    }

    /// Makes sure that all is well, and that this was looked at: the start of each line. What is said of a file is
    /// not said where databases are on a server.
    pub fn must_be_well(&self, looked_at: &[&str]) {
        assert!(self.is_well, "{:?}", self.lines);
        let is_said = |what: &&&str| crate::server().is_none() || !what.starts_with("file of");
        let looked_at: Vec<_> = looked_at.iter().filter(is_said).collect();
        assert_eq!(self.lines.len(), looked_at.len(), "{:?}", self.lines);
        for (line, what) in self.lines.iter().zip(looked_at) {
            assert!(line.starts_with(&format!("ok      {what}")), "{line}");
        }
    }
}
