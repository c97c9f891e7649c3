//! What was asked for on the command line.

use anyhow::bail;
use chat_service::safety::Tier;

/// What `--help` says.
pub(crate) const HELP: &str = "\
safety-eval: measures what the crisis layer hears

    safety-eval [OPTIONS] FILE…         how much of each group is heard, and how much by mistake
    safety-eval --metamorphic FILE…     how much of it is still heard when written another way
    safety-eval --ordinary FILE…        ordinary words that the rules would take for their own
    safety-eval --uncommon FILE…        words that would be taken for common ones with a slip in them
    safety-eval --common FILE…          words that stand in them three times or more, the most frequent
                                        first
    safety-eval --train FILE…           what the score learns from them (sentences that have a tier):
                                        how it takes each fifth of them, learned from the other four
    safety-eval --passages FILE…        the same sentences as the encoder of the second look reads them,
                                        one JSON object a line: what training/train.py learns from
    safety-eval --bench                 how long screening takes (build with --release)

A file holds one JSON object a line: {\"text\" or \"turns\", \"label\", \"tier\", \"set\", \"lang\", …}.
Labels: 1 a risk to oneself, 0 none, -1 somebody else at risk or unclear, -2 another danger.
A row with turns is heard turn by turn, a minute apart, and is as high as its highest turn.
With --ordinary and --uncommon a file is a list of words, one a line; those of fewer than three letters,
or of other letters than a to z, are passed over. What they print, a word a line, is for chat-service's
list of ordinary words (src/safety/rules/ordinary.txt), whether or not it holds them already, and for its
list of uncommon ones (src/safety/spelling/uncommon.txt), as far as they are new. What --common prints is
for its lists of common words beside that: of English only what a list of English words has, too.

    --weights PATH with --train: write there what was learned from all of them
    --by KEY       group by this key of the rows instead of set and tier; may be given again;
                   a row with a list there counts for each of its values
    --misses       also list what was heard too low, and calm rows that were flagged, with the rules
                   that spoke: place, expected > heard, rules, text
    --high         what --misses lists: risk below HIGH, calm rows at HIGH or above
    --elevated     the same at ELEVATED; without either, risk below its own tier, calm at ELEVATED
    --json         for machines
    --help         this

Every share comes with its 95 % interval (Wilson), every file with the start of its SHA-256.
";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Measure,
    Metamorphic,
    Ordinary,
    Uncommon,
    Common,
    Train,
    Passages,
    Bench,
    Help,
}

/// The command line, read.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// What is to be done.
    pub(crate) task: Task,
    /// With which files.
    pub(crate) files: Vec<String>,
    /// The keys that tell groups apart.
    pub(crate) by: Vec<String>,
    /// Whether to list single rows.
    pub(crate) misses: bool,
    /// Which tier counts for those; each row's own if not given.
    pub(crate) bar: Option<Tier>,
    /// Where to write what was learned.
    pub(crate) weights: Option<String>,
    /// Whether a machine reads the result.
    pub(crate) json: bool,
}

impl Arguments {
    /// Reads what follows the program's name.
    ///
    /// # Errors
    /// When an option is unknown or lacks its value, or when files are missing.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut read = Self {
            task: Task::Measure,
            files: Vec::new(),
            by: Vec::new(),
            misses: false,
            bar: None,
            weights: None,
            json: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => read.task = Task::Help,
                "--metamorphic" => read.task = Task::Metamorphic,
                "--ordinary" => read.task = Task::Ordinary,
                "--uncommon" => read.task = Task::Uncommon,
                "--common" => read.task = Task::Common,
                "--train" => read.task = Task::Train,
                "--passages" => read.task = Task::Passages,
                "--bench" => read.task = Task::Bench,
                "--misses" => read.misses = true,
                "--high" => read.bar = Some(Tier::High),
                "--elevated" => read.bar = Some(Tier::Elevated),
                "--json" => read.json = true,
                "--by" => match arguments.next() {
                    Some(key) => read.by.push(key),
                    None => bail!("--by needs a key; see --help"),
                },
                "--weights" => match arguments.next() {
                    Some(path) => read.weights = Some(path),
                    None => bail!("--weights needs a path; see --help"),
                },
                option if option.starts_with('-') => bail!("unknown option {option}; see --help"),
                _ => read.files.push(argument),
            }
        }
        if read.by.is_empty() {
            read.by = ["set", "tier"].map(str::to_owned).into();
        }
        if read.weights.is_some() && read.task != Task::Train {
            bail!("--weights goes with --train; see --help");
        }
        if read.files.is_empty() && !matches!(read.task, Task::Bench | Task::Help) {
            bail!("no files to read; see --help");
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn files_alone_are_measured_by_set_and_tier() {
        let read = parse("a.jsonl b.jsonl").unwrap();
        assert_eq!((read.task, read.misses, read.json), (Task::Measure, false, false));
        assert_eq!(read.files, ["a.jsonl", "b.jsonl"]);
        assert_eq!(read.by, ["set", "tier"]);
    }

    #[test]
    fn options_may_stand_anywhere() {
        let read = parse("--by lang a.jsonl --misses --by split --high --json").unwrap();
        assert_eq!(read.by, ["lang", "split"]);
        assert!(read.misses && read.json);
        assert!(read.bar == Some(Tier::High));
        assert_eq!(parse("--bench").unwrap().task, Task::Bench);
        assert_eq!(parse("a.jsonl --metamorphic").unwrap().task, Task::Metamorphic);
        assert_eq!(parse("--ordinary words.txt").unwrap().task, Task::Ordinary);
        assert_eq!(parse("--uncommon words.txt").unwrap().task, Task::Uncommon);
        assert_eq!(parse("--common a.jsonl").unwrap().task, Task::Common);
        let learning = parse("--train a.jsonl --weights weights.bin").unwrap();
        assert_eq!(
            (learning.task, learning.weights.as_deref()),
            (Task::Train, Some("weights.bin"))
        );
        assert_eq!(parse("a.jsonl --passages").unwrap().task, Task::Passages);
        assert_eq!(parse("--help").unwrap().task, Task::Help);
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        assert!(parse("").unwrap_err().to_string().contains("no files"));
        assert!(parse("--metamorphic").unwrap_err().to_string().contains("no files"));
        assert!(parse("--ordinary").unwrap_err().to_string().contains("no files"));
        assert!(parse("a.jsonl --by").unwrap_err().to_string().contains("needs a key"));
        assert!(
            parse("a.jsonl --train --weights").unwrap_err().to_string().contains("needs a path")
        );
        assert!(
            parse("a.jsonl --weights x").unwrap_err().to_string().contains("goes with --train")
        );
        assert!(parse("a.jsonl --loud").unwrap_err().to_string().contains("--loud"));
    }
}
