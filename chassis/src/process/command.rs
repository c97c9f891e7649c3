//! What a binary can do beside serving: commands, by the words that follow its name.

use std::collections::VecDeque;
use std::fmt::Display;
use std::pin::Pin;
use std::str::FromStr;

use crate::settings::Settings;

/// What a command does, and then prints.
pub type Work = Pin<Box<dyn Future<Output = anyhow::Result<String>>>>;

/// Something that a binary does beside serving.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The words it is called by: `safety report`.
    pub name: &'static str,
    /// What may follow them: `[--json]`.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// Reads its arguments and settings, which also documents these. `None`: the settings know what is
    /// wrong.
    pub read: fn(&mut Arguments, &mut Settings) -> Option<Work>,
}

/// What follows a binary's name, as far as nobody has taken it yet.
#[derive(Debug, Default)]
pub struct Arguments(VecDeque<String>);

impl Arguments {
    /// The arguments of this process.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect()
    }

    /// Whether the first ones are these words; then they are taken.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let words: Vec<_> = words.split(' ').collect();
        let are_first = self.0.iter().take(words.len()).eq(&words);
        if are_first {
            self.0.drain(..words.len());
        }
        are_first
    }

    /// Whether this one is among them, such as `--json`; then it is taken.
    pub fn flag(&mut self, name: &str) -> bool {
        let place = self.0.iter().position(|argument| argument == name);
        place.and_then(|place| self.0.remove(place)).is_some()
    }

    /// What follows this one, such as `--year`; both are taken. The outer `None`: it is missing or
    /// wrong, and the settings know.
    pub fn value<T: FromStr>(&mut self, settings: &mut Settings, name: &str) -> Option<Option<T>>
    where
        T::Err: Display,
    {
        let Some(place) = self.0.iter().position(|argument| argument == name) else {
            return Some(None);
        };
        self.0.remove(place);
        match self.0.remove(place).map(|text| text.parse()) {
            Some(Ok(value)) => return Some(Some(value)),
            Some(Err(error)) => settings.problem(name, &format!("cannot be used: {error}")),
            None => settings.problem(name, "must be followed by a value"),
        }
        None
    }

    /// The first one that nobody has taken yet, whatever it begins with; it is taken. `None`: there is
    /// none, and the settings know that `name`, which is `what`, is missing.
    pub fn next(&mut self, settings: &mut Settings, name: &str, what: &str) -> Option<String> {
        let next = self.0.pop_front();
        if next.is_none() {
            settings.problem(name, &format!("is missing: {what}"));
        }
        next
    }

    /// Makes sure that nobody left anything. What is left is not repeated: with commands that ask for a
    /// secret it may be one.
    pub fn end(&mut self, settings: &mut Settings, why: &str) -> Option<()> {
        if self.0.is_empty() {
            return Some(());
        }
        self.0.clear();
        settings.problem("too many arguments:", why);
        None
    }

    /// Whether the first one begins the name of this command, and nothing follows but a question.
    pub(super) fn begin(&self, name: &str) -> bool {
        let is_question = |word: &String| word == "--help" || word == "-h";
        name.split(' ').next() == self.first() && self.0.iter().skip(1).all(is_question)
    }

    /// Takes the first one if it begins the name of this command: then what follows is wrong with it.
    pub(super) fn enter(&mut self, name: &str) -> bool {
        let begins = self.0.len() > 1 && name.split(' ').next() == self.first();
        if begins {
            self.0.pop_front();
        }
        begins
    }

    /// The first one that nobody has taken.
    pub(super) fn first(&self) -> Option<&str> {
        self.0.front().map(String::as_str)
    }
}

impl FromIterator<String> for Arguments {
    fn from_iter<I: IntoIterator<Item = String>>(words: I) -> Self {
        Self(words.into_iter().collect())
    }
}

impl Command {
    /// How it is called and what it does, for somebody who asked.
    pub(super) fn help(&self, binary: &str) -> String {
        let call = format!("{binary} {} {}", self.name, self.usage);
        format!("{}\n  {}\n\n", call.trim_end(), self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_command_is_known_by_all_of_its_words() {
        let mut given = arguments("safety report --json");
        assert!(!given.take("safety check"));
        assert!(given.take("safety report"));
        assert_eq!(given.first(), Some("--json"));
        assert!(!arguments("safety").take("safety report"));
        assert!(!arguments("report safety").take("safety report"));
    }

    #[test]
    fn the_first_word_of_commands_asks_for_all_of_them() {
        assert!(
            arguments("keys").begin("keys list") && arguments("keys --help").begin("keys list")
        );
        for other in ["", "key", "keys lst", "keys --json", "--help"] {
            assert!(!arguments(other).begin("keys list"), "{other}");
        }
    }

    #[test]
    fn of_a_command_that_nobody_knows_the_word_that_is_wrong_is_named() {
        let wrong = |line: &str| {
            let mut given = arguments(line);
            given.enter("keys list");
            given.first().map(str::to_owned)
        };
        assert_eq!(wrong("keys frobnicate").as_deref(), Some("frobnicate"));
        assert_eq!(wrong("frobnicate keys").as_deref(), Some("frobnicate"));
    }

    #[test]
    fn help_tells_how_a_command_is_called() {
        let command =
            |usage| Command { name: "keys list", usage, what: "names", read: |_, _| None };
        assert_eq!(command("").help("it"), "it keys list\n  names\n\n");
        assert_eq!(command("[--json]").help("it"), "it keys list [--json]\n  names\n\n");
    }

    #[test]
    fn what_is_taken_is_not_left_over() {
        let mut given = arguments("--json --year 2026 --frobnicate");
        let mut settings = Settings::from_pairs([]);
        assert!(given.flag("--json") && !given.flag("--json"));
        assert_eq!(given.value(&mut settings, "--year"), Some(Some(2026)));
        assert_eq!(given.value::<i32>(&mut settings, "--month"), Some(None));
        assert_eq!(given.first(), Some("--frobnicate"));
        assert_eq!(settings.problems(), None);
    }

    #[test]
    fn what_has_no_name_is_taken_by_its_place() {
        let mut given = arguments("-3kid --now access");
        let mut settings = Settings::from_pairs([]);
        assert!(given.flag("--now"));
        let mut next = |settings: &mut Settings| given.next(settings, "KID", "the name of a key");
        assert_eq!(next(&mut settings).as_deref(), Some("-3kid"));
        assert_eq!(next(&mut settings).as_deref(), Some("access"));
        assert_eq!(settings.problems(), None);
        assert_eq!(next(&mut settings), None);
        assert_eq!(settings.problems().as_deref(), Some("KID is missing: the name of a key"));
    }

    #[test]
    fn what_is_left_may_be_a_secret_and_is_not_repeated() {
        let mut settings = Settings::from_pairs([]);
        assert_eq!(arguments("").end(&mut settings, "one name"), Some(()));
        let mut given = arguments("canary");
        assert_eq!(given.end(&mut settings, "one name"), None);
        assert_eq!(given.first(), None);
        assert_eq!(settings.problems().as_deref(), Some("too many arguments: one name"));
    }

    #[test]
    fn a_value_that_is_missing_or_wrong_is_named_and_not_repeated() {
        for line in ["--year canary", "--year"] {
            let mut settings = Settings::from_pairs([]);
            assert_eq!(arguments(line).value::<i32>(&mut settings, "--year"), None);
            let problems = settings.problems().unwrap();
            assert!(problems.contains("--year") && !problems.contains("canary"), "{problems}");
        }
    }
}
