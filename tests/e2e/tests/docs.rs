//! What the documents say about the house is so.

use std::collections::BTreeSet;

use super::boundaries::{files, root};

/// Pages with tables of promises, the last column of which names the tests that show it.
const PROMISING: [&str; 2] = ["docs/SAFETY.md", "docs/SECURITY.md"];

/// A name of so many words that stands outside the tables is one of a test, too.
const WORDS: usize = 5;

/// The names of all functions that are written anywhere.
fn functions() -> BTreeSet<String> {
    let sources = files(&root(), &[".rs"]).into_iter();
    let texts: Vec<_> = sources.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let names = lines.filter_map(|line| line.split_once("fn ")?.1.split(['(', '<']).next());
    names.map(str::to_owned).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The tests that a page names.
fn named(page: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut is_promising = false;
    for line in page.lines() {
        let row = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |"));
        let cell = row.and_then(|row| row.rsplit(" | ").next());
        let is_head = ["| promise |", "| id |"].iter().any(|head| line.starts_with(head));
        is_promising = cell.is_some() && (is_promising || is_head);
        match cell {
            Some(cell) if is_promising => names.extend(quoted(cell)),
            _ => names.extend(quoted(line).filter(|name| name.split('_').count() >= WORDS)),
        }
    }
    names
}

#[test]
fn every_test_that_is_said_to_show_something_exists() {
    let functions = functions();
    for page in PROMISING {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let named = named(&text);
        assert!(named.len() >= 20, "{page} names hardly any tests: {named:?}");
        let missing: Vec<_> = named.iter().filter(|name| !functions.contains(**name)).collect();
        assert!(missing.is_empty(), "{page} names tests that nobody wrote: {missing:#?}");
    }
}
