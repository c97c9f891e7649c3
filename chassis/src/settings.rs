//! Settings from the environment: read once, at start, all mistakes named at once.
//!
//! Reading a setting also documents it, so that `--help` can never forget one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::{Display, Write as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// Where settings come from, what has been asked for, and what was wrong.
pub struct Settings {
    variables: HashMap<String, OsString>,
    documentation: Vec<Documented>,
    problems: Vec<String>,
}

/// A variable that is not text; the problem is noted already.
struct Unreadable;

struct Documented {
    name: String,
    default: Option<String>,
    help: String,
}

impl Settings {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let readable =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::new(readable.collect())
    }

    /// Given variables, for tests and for [`Settings::help`].
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    fn new(variables: HashMap<String, OsString>) -> Self {
        Self { variables, documentation: Vec::new(), problems: Vec::new() }
    }

    /// A setting that has a default. `None`: it was set to something wrong.
    pub fn value<T: FromStr>(&mut self, name: &str, default: &str, help: &str) -> Option<T>
    where
        T::Err: Display,
    {
        self.document(name, Some(default), help);
        let text = self.text(name).ok()?.unwrap_or_else(|| default.to_owned());
        let usual = (!default.is_empty()).then(|| format!("; by default it is {default}"));
        self.parse(name, &text, &usual.unwrap_or_default())
    }

    /// A whole number within `range`.
    pub fn number(
        &mut self,
        name: &str,
        default: u64,
        range: RangeInclusive<u64>,
        help: &str,
    ) -> Option<u64> {
        let help = format!("{help} ({} to {})", range.start(), range.end());
        let number = self.value(name, &default.to_string(), &help)?;
        if range.contains(&number) {
            return Some(number);
        }
        self.problem(name, &format!("must be from {} to {}", range.start(), range.end()));
        None
    }

    /// A length of time in seconds, fractions allowed, above zero and at most `most`.
    pub fn seconds(
        &mut self,
        name: &str,
        default: Duration,
        most: Duration,
        help: &str,
    ) -> Option<Duration> {
        let (default, most) = (default.as_secs_f64(), most.as_secs_f64());
        let help = format!("{help}, in seconds (at most {most})");
        let seconds: f64 = self.value(name, &default.to_string(), &help)?;
        if seconds > 0.0 && seconds <= most {
            return Some(Duration::from_secs_f64(seconds));
        }
        self.problem(name, &format!("must be above 0 and at most {most} seconds"));
        None
    }

    /// A setting without which nothing works. `None`: it is missing or wrong.
    pub fn required<T: FromStr>(&mut self, name: &str, help: &str) -> Option<T>
    where
        T::Err: Display,
    {
        self.document(name, None, &format!("{help} (required)"));
        if let Some(text) = self.text(name).ok()? {
            return self.parse(name, &text, "");
        }
        self.problem(name, "is not set");
        None
    }

    /// A setting that may be absent. The outer `None`: it was set to something wrong.
    pub fn optional<T: FromStr>(&mut self, name: &str, help: &str) -> Option<Option<T>>
    where
        T::Err: Display,
    {
        self.document(name, None, help);
        match self.text(name).ok()? {
            Some(text) => self.parse(name, &text, "").map(Some),
            None => Some(None),
        }
    }

    /// A secret: `NAME`, or a file named by `NAME_FILE`. The outer `None`: it was set wrongly.
    pub fn secret(&mut self, name: &str, help: &str) -> Option<Option<SecretString>> {
        self.document(name, None, help);
        let file_name = format!("{name}_FILE");
        self.document(&file_name, None, &format!("a file that holds {name}"));
        match (self.text(name).ok()?, self.text(&file_name).ok()?) {
            (Some(_), Some(_)) => {
                self.problem(name, &format!("and {file_name} are both set: set one"));
                None
            }
            (Some(secret), None) => Some(Some(secret.trim().to_owned().into())),
            (None, Some(path)) => match std::fs::read_to_string(Path::new(&path)) {
                Ok(text) if !text.trim().is_empty() => Some(Some(text.trim().to_owned().into())),
                Ok(_) => {
                    self.problem(&file_name, "names an empty file");
                    None
                }
                Err(error) => {
                    self.problem(&file_name, &format!("cannot be read: {error}"));
                    None
                }
            },
            (None, None) => Some(None),
        }
    }

    /// Notes a mistake that only shows when several settings are seen together.
    pub fn problem(&mut self, name: &str, what: &str) {
        self.problems.push(format!("{name} {what}"));
    }

    /// All mistakes found so far, one a line; `None` if there are none.
    #[must_use]
    pub fn problems(&self) -> Option<String> {
        (!self.problems.is_empty()).then(|| self.problems.join("\n"))
    }

    /// One line for each setting that was asked for.
    #[must_use]
    pub fn help(&self) -> String {
        let width = self.documentation.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
        self.documentation.iter().fold(String::new(), |mut text, entry| {
            let default = entry.default.as_ref().filter(|value| !value.is_empty());
            let default = default.map(|value| format!(" [{value}]")).unwrap_or_default();
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "  {:width$}  {}{default}", entry.name, entry.help);
            text
        })
    }

    /// The variables that begin like settings of this program, and that nothing asked for: whoever set one expects
    /// something that does not happen. An empty one counts as not set.
    #[must_use]
    pub fn unknown(&self, prefixes: &[&str]) -> Vec<String> {
        let is_ours = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let is_known = |name: &str| self.documentation.iter().any(|entry| entry.name == name);
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        let unknown = set.map(|(name, _)| name).filter(|name| is_ours(name) && !is_known(name));
        let mut unknown: Vec<_> = unknown.cloned().collect();
        unknown.sort();
        unknown
    }

    /// A setting that is asked for twice is one all the same.
    fn document(&mut self, name: &str, default: Option<&str>, help: &str) {
        if self.documentation.iter().any(|entry| entry.name == name) {
            return;
        }
        self.documentation.push(Documented {
            name: name.to_owned(),
            default: default.map(str::to_owned),
            help: help.to_owned(),
        });
    }

    /// `None`: not set. An empty variable counts as not set: that is what compose files
    /// and shells write for "leave it out".
    fn text(&mut self, name: &str) -> Result<Option<String>, Unreadable> {
        let Some(value) = self.variables.get(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        if let Some(text) = value.to_str() {
            return Ok(Some(text.to_owned()));
        }
        self.problem(name, "is not valid UTF-8");
        Err(Unreadable)
    }

    /// `more` is said behind what is wrong.
    fn parse<T: FromStr>(&mut self, name: &str, text: &str, more: &str) -> Option<T>
    where
        T::Err: Display,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                // The value itself is not repeated: it may be a password in the wrong place.
                self.problem(name, &format!("cannot be used: {error}{more}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn every_mistake_is_named_and_no_value_is_repeated() {
        let mut settings = Settings::from_pairs([
            ("PORT", "eighty-canary"),
            ("COST", "99"),
            ("WAIT_SECONDS", "-1"),
        ]);
        assert_eq!(settings.value::<u16>("PORT", "8000", "port"), None);
        assert_eq!(settings.number("COST", 12, 10..=14, "cost"), None);
        assert_eq!(settings.seconds("WAIT_SECONDS", SECOND, SECOND, "wait"), None);
        assert_eq!(settings.required::<String>("URL", "where"), None);
        let problems = settings.problems().unwrap();
        for name in ["PORT", "COST", "WAIT_SECONDS", "URL"] {
            assert!(problems.contains(name), "{problems}");
        }
        assert!(!problems.contains("canary"), "{problems}");
        assert!(problems.contains("by default it is 8000"), "{problems}");
    }

    #[test]
    fn defaults_hold_where_nothing_or_only_emptiness_is_set() {
        let mut settings = Settings::from_pairs([("PORT", "")]);
        assert_eq!(settings.value("PORT", "8000", "port"), Some(8000));
        assert_eq!(settings.optional::<String>("NAME", "name"), Some(None));
        assert!(settings.problems().is_none());
        assert!(settings.help().contains("PORT"), "{}", settings.help());
        assert!(settings.help().contains("[8000]"), "{}", settings.help());
    }

    #[test]
    fn what_is_called_like_a_setting_and_is_none_is_named() {
        let mut settings = Settings::from_pairs([
            ("CHAT_PORT", "80"),
            ("CHAT_PROT", "80"),
            ("CHAT_HOST", ""),
            ("CHAT_KEY_FILE", "key"),
            ("CHATTER", "loud"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(settings.value("CHAT_PORT", "8000", "port"), Some(80));
        assert!(settings.secret("CHAT_KEY", "a key").is_none());
        assert_eq!(settings.unknown(&["CHAT_", "OPENAI_"]), ["CHAT_PROT"]);
        assert!(settings.unknown(&["GATEWAY_"]).is_empty());
    }

    #[test]
    fn a_secret_may_come_from_a_file_and_is_trimmed() {
        let path = std::env::temp_dir().join(format!("settings-{}", uuid::Uuid::now_v7()));
        std::fs::write(&path, "s3cret\n").unwrap();
        let mut settings = Settings::from_pairs([("KEY_FILE", path.to_str().unwrap())]);
        let secret = settings.secret("KEY", "a key").flatten().unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
        std::fs::remove_file(&path).unwrap();

        let mut settings = Settings::from_pairs([("KEY_FILE", path.to_str().unwrap())]);
        assert!(settings.secret("KEY", "a key").is_none());
        assert!(settings.problems().unwrap().contains("KEY_FILE"));
    }
}
