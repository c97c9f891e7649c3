//! `safety-eval`: measures the crisis layer on files of labelled rows.

mod arguments;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use safety_eval::bench::Bench;
use safety_eval::hearing;
use safety_eval::metamorphic::Trial;
use safety_eval::misses::Miss;
use safety_eval::report::Report;
use safety_eval::rows::File;
use safety_eval::training::Lessons;
use safety_eval::{ordinary, passages};
use serde::Serialize;
use serde_json::json;

use crate::arguments::{Arguments, HELP, Task};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere is left to say that this could not be said.
            let _ = writeln!(io::stderr(), "safety-eval: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    match arguments.task {
        Task::Help => print(HELP),
        Task::Bench => print(&shown::<_, Miss>(&arguments, &Bench::run(), &[])?),
        Task::Measure => measure(&arguments, &rows(&arguments)?),
        Task::Metamorphic => transform(&arguments, &rows(&arguments)?),
        Task::Ordinary => list(&arguments, ordinary::mistaken),
        Task::Uncommon => list(&arguments, ordinary::corrected),
        Task::Common => print(&lines(ordinary::common(&rows(&arguments)?))),
        Task::Passages => print(&passages::list(&rows(&arguments)?)?),
        Task::Train => learn(&arguments, &rows(&arguments)?),
    }
}

fn rows(arguments: &Arguments) -> anyhow::Result<Vec<File>> {
    arguments.files.iter().map(|name| File::read(Path::new(name))).collect()
}

/// How much of each group is heard.
fn measure(arguments: &Arguments, files: &[File]) -> anyhow::Result<()> {
    let mut report = Report::new(arguments.by.clone());
    let mut misses = Vec::new();
    for file in files {
        let heard = hearing::hear(&file.rows);
        report.add(file, &heard);
        misses
            .extend(heard.iter().filter_map(|(row, heard)| Miss::find(row, heard, arguments.bar)));
    }
    print(&shown(arguments, &report, &misses)?)
}

/// How much is still heard when it is written another way.
fn transform(arguments: &Arguments, files: &[File]) -> anyhow::Result<()> {
    let mut trial = Trial::default();
    files.iter().flat_map(|file| &file.rows).for_each(|row| trial.add(row));
    print(&shown(arguments, &trial, trial.losses())?)
}

/// How what is learned from some rows takes others; written where that was asked for.
fn learn(arguments: &Arguments, files: &[File]) -> anyhow::Result<()> {
    let lessons = Lessons::of(files);
    let mut report = Report::new(arguments.by.clone());
    for (file, heard) in files.iter().zip(lessons.try_out()) {
        report.add(file, &heard);
    }
    if let Some(path) = &arguments.weights {
        let weights = lessons.learn().write();
        fs::write(path, weights).with_context(|| format!("{path} cannot be written"))?;
    }
    print(&shown::<_, Miss>(arguments, &report, &[])?)
}

/// Which words of the lists would be taken for others.
fn list(arguments: &Arguments, taken: fn(&str) -> BTreeSet<String>) -> anyhow::Result<()> {
    let mut words = BTreeSet::new();
    for name in &arguments.files {
        let text = fs::read(name).with_context(|| format!("{name} cannot be read"))?;
        // Old lists have letters that are not UTF-8, in words that do not count.
        words.extend(taken(&String::from_utf8_lossy(&text)));
    }
    print(&lines(words))
}

fn lines(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().fold(String::new(), |text, word| text + &word + "\n")
}

/// What was found, and the rows behind it if they were asked for.
fn shown<F, R>(arguments: &Arguments, found: &F, rows: &[R]) -> anyhow::Result<String>
where
    F: Display + Serialize,
    R: Display + Serialize,
{
    let rows = if arguments.misses { rows } else { &[] };
    if arguments.json {
        let found = json!({ "found": found, "misses": rows });
        return Ok(format!("{}\n", serde_json::to_string_pretty(&found)?));
    }
    Ok(rows.iter().fold(found.to_string(), |text, row| format!("{text}{row}\n")))
}

fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
