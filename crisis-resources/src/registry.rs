//! The compiled-in data, parsed once.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Directory, Grade, Line, Problem, Region, Sms, contacts::Contacts};

/// All that is known.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) regions: Vec<Region>,
    pub(crate) anywhere: Region,
    pub(crate) directories: Vec<Directory>,
    pub(crate) contacts: Contacts,
}

/// The text of the files in `data`.
struct Files<'a> {
    emergency: &'a str,
    sources: &'a str,
    directories: &'a str,
    /// Each with its name, for error messages.
    lines: &'a [(&'static str, &'a str)],
}

const FILES: Files<'static> = Files {
    emergency: include_str!("../data/emergency.toml"),
    sources: include_str!("../data/sources.toml"),
    directories: include_str!("../data/directories.toml"),
    lines: &[
        ("lines/africa.toml", include_str!("../data/lines/africa.toml")),
        ("lines/americas.toml", include_str!("../data/lines/americas.toml")),
        ("lines/asia.toml", include_str!("../data/lines/asia.toml")),
        ("lines/europe_east.toml", include_str!("../data/lines/europe_east.toml")),
        ("lines/europe_north.toml", include_str!("../data/lines/europe_north.toml")),
        ("lines/europe_south.toml", include_str!("../data/lines/europe_south.toml")),
        ("lines/europe_west.toml", include_str!("../data/lines/europe_west.toml")),
        ("lines/oceania.toml", include_str!("../data/lines/oceania.toml")),
    ],
};

static PARSED: LazyLock<Result<Registry, Problem>> = LazyLock::new(|| parse(&FILES));

/// Stands in for data that cannot be read. No service runs with it: `check` fails at its start.
static NOTHING: LazyLock<Registry> = LazyLock::new(|| Registry::new(Vec::new(), Vec::new()));

pub(crate) fn get() -> &'static Registry {
    PARSED.as_ref().unwrap_or_else(|_| &NOTHING)
}

pub(crate) fn check() -> Result<(), Problem> {
    PARSED.as_ref().map(|_| ()).map_err(Clone::clone)
}

impl Registry {
    fn new(regions: Vec<Region>, directories: Vec<Directory>) -> Self {
        let contacts = Contacts::of(&regions, &directories);
        let anywhere = Region {
            code: String::new(),
            name: "Anywhere".to_owned(),
            emergency: Vec::new(),
            lines: Vec::new(),
        };
        Self { regions, anywhere, directories, contacts }
    }
}

/// `emergency.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emergency {
    regions: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    name: String,
    numbers: Vec<String>,
}

/// `sources.toml`. Just the name is shown; the rest is for whoever checks an entry again.
#[derive(Deserialize)]
struct Sources {
    sources: BTreeMap<String, Source>,
}

#[derive(Deserialize)]
struct Source {
    name: String,
}

/// `directories.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Directories {
    directories: Vec<Directory>,
}

/// A file in `lines`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    lines: Vec<Entry>,
}

/// A line as it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    region: String,
    name: String,
    kind: String,
    phone: Option<String>,
    sms: Option<Sms>,
    chat: Option<String>,
    url: Option<String>,
    hours: Option<String>,
    languages: Vec<String>,
    note: Option<String>,
    sources: Vec<String>,
    confidence: Grade,
    verified_at: String,
}

impl Entry {
    fn into_line(self, known: &Sources) -> Result<Line, Problem> {
        let mut sources = Vec::with_capacity(self.sources.len());
        for id in self.sources {
            let Some(source) = known.sources.get(&id) else {
                return Err(Problem::UnknownSource { line: self.name, source: id });
            };
            sources.push(source.name.clone());
        }
        Ok(Line {
            name: self.name,
            kind: self.kind,
            phone: self.phone,
            sms: self.sms,
            chat: self.chat,
            url: self.url,
            hours: self.hours,
            languages: self.languages,
            note: self.note,
            sources,
            confidence: self.confidence,
            verified_at: self.verified_at,
        })
    }
}

fn parse(files: &Files<'_>) -> Result<Registry, Problem> {
    let emergency: Emergency = read("emergency.toml", files.emergency)?;
    let sources: Sources = read("sources.toml", files.sources)?;
    let listed: Directories = read("directories.toml", files.directories)?;
    let mut regions: Vec<Region> = emergency
        .regions
        .into_iter()
        .map(|(code, Place { name, numbers })| Region {
            code,
            name,
            emergency: numbers,
            lines: Vec::new(),
        })
        .collect();
    for (file, text) in files.lines {
        let Lines { lines } = read(file, text)?;
        for entry in lines {
            let Some(region) = regions.iter_mut().find(|region| region.code == entry.region) else {
                return Err(Problem::UnknownRegion { line: entry.name, region: entry.region });
            };
            region.lines.push(entry.into_line(&sources)?);
        }
    }
    Ok(Registry::new(regions, listed.directories))
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, Problem> {
    toml::from_str(text).map_err(|e| Problem::Malformed { file, detail: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"
        [[lines]]
        region = "NW"
        name = "Somebody listens"
        kind = "suicide_crisis"
        phone = "12 34"
        languages = ["en"]
        sources = ["book"]
        confidence = "A"
        verified_at = "2026-06-02"
    "#;

    fn with(lines: &str) -> Result<Registry, Problem> {
        parse(&Files {
            emergency: r#"regions.NW = { name = "Nowhere", numbers = ["99"] }"#,
            sources: r#"sources.book = { name = "The phone book" }"#,
            directories: "directories = []",
            lines: &[("lines/nowhere.toml", lines)],
        })
    }

    #[test]
    fn a_line_finds_its_region_and_the_name_of_its_source() {
        let registry = with(LINE).unwrap();
        let nowhere = &registry.regions[0];
        assert_eq!(nowhere.lines[0].phone.as_deref(), Some("12 34"));
        assert_eq!(nowhere.lines[0].sources, ["The phone book"]);
    }

    #[test]
    fn a_line_in_a_region_that_does_not_exist_is_a_problem() {
        let problem = with(&LINE.replace("NW", "ZZ")).unwrap_err();
        let region = "ZZ".to_owned();
        assert_eq!(problem, Problem::UnknownRegion { line: "Somebody listens".to_owned(), region });
    }

    #[test]
    fn a_line_from_a_source_that_is_not_listed_is_a_problem() {
        let problem = with(&LINE.replace("book", "rumour")).unwrap_err();
        let source = "rumour".to_owned();
        assert_eq!(problem, Problem::UnknownSource { line: "Somebody listens".to_owned(), source });
    }

    #[test]
    fn a_line_that_is_not_good_enough_is_a_problem_that_names_the_file() {
        let problem = with(&LINE.replace(r#""A""#, r#""C""#)).unwrap_err();
        assert!(problem.to_string().starts_with("data/lines/nowhere.toml: "), "{problem}");
    }

    #[test]
    fn a_misspelt_key_is_a_problem() {
        let problem = with(&LINE.replace("phone", "fone")).unwrap_err();
        assert!(problem.to_string().contains("fone"), "{problem}");
    }
}
