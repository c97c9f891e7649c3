use super::reading::{Entry, FILES, File};
use super::*;

pub(super) fn entries() -> impl Iterator<Item = (Kind, Entry)> {
    FILES.into_iter().flat_map(|(kind, text)| {
        let file: File = toml::from_str(text).unwrap();
        file.rules.into_iter().map(move |entry| (kind, entry))
    })
}

#[test]
fn all_phrases_can_be_read_and_have_a_trigger() {
    assert_eq!(check(), Ok(()));
}

#[test]
fn every_example_of_what_is_taken_out_is_found() {
    let missed: Vec<_> = entries()
        .flat_map(|(kind, entry)| entry.out.into_iter().map(move |text| (kind, text)))
        .filter(|(kind, text)| find(text, 0, false) != Some(*kind))
        .map(|(kind, text)| (kind, find(&text, 0, false), text))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_example_of_what_stays_is_left_alone() {
    let taken: Vec<_> = entries()
        .flat_map(|(_, entry)| entry.stay)
        .filter_map(|text| Some((find(&text, 0, false)?, text)))
        .collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn what_comes_before_the_first_trigger_is_harmless() {
    for text in entries().flat_map(|(_, entry)| entry.out) {
        let words: Vec<&str> = text.split(' ').collect();
        let first = words
            .iter()
            .position(|word| Tokens::of(word).tokens.iter().any(|it| is_trigger(&it.text)));
        let before = words[..first.unwrap()].join(" ");
        assert_eq!(find(&before, 0, true), None, "{before}");
    }
}

#[test]
fn what_was_told_earlier_is_not_judged_twice() {
    assert_eq!(find("kill yourself", 0, false), Some(Kind::Encouragement));
    assert_eq!(find("kill yourself", 2, false), None);
    assert_eq!(find("kill\nyourself", 1, false), Some(Kind::Encouragement));
}

#[test]
fn after_details_of_methods_fewer_words_are_enough() {
    assert_eq!(find("The rope is long.", 0, false), None);
    assert_eq!(find("The rope is long.", 0, true), Some(Kind::Method));
}
