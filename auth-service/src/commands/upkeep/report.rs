//! What came of looking at several things.

use anyhow::bail;

/// A line for each thing that was looked at.
#[derive(Default)]
pub(super) struct Report {
    lines: Vec<String>,
    failures: usize,
}

impl Report {
    /// Writes down what was found. Returns it if it was good.
    pub(super) fn add<T>(
        &mut self,
        what: &str,
        outcome: anyhow::Result<T>,
        told: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let line = match &outcome {
            Ok(found) => format!("ok      {what}: {}", told(found)),
            Err(error) => {
                self.failures += 1;
                format!("FAILED  {what}: {error:#}")
            }
        };
        self.lines.push(line);
        outcome.ok()
    }

    /// All lines; an error if one of them tells of a failure.
    pub(super) fn finish(self) -> anyhow::Result<String> {
        let text = self.lines.join("\n");
        match self.failures {
            0 => Ok(text),
            1 => bail!("one thing is not as it should be\n{text}"),
            failures => bail!("{failures} things are not as they should be\n{text}"),
        }
    }
}
