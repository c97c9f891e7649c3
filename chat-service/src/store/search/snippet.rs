//! The part of a message in which words were found.

use icu_normalizer::DecomposingNormalizer;

/// Words around a hit: enough to recognise a sentence.
const WORDS: usize = 16;
/// Of them, those before the hit.
const BEFORE: usize = 5;
/// Accents, once letters are taken apart.
const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// The part of `text` around the first of `words`, the last of which may be unfinished.
pub(super) fn around(text: &str, words: &[&str]) -> String {
    let wanted: Vec<_> = words.iter().map(|word| fold(word)).collect();
    let (last, others) = wanted.split_last().unwrap_or((const { &String::new() }, &[]));
    let is_wanted = |word: &str| {
        let word = fold(word);
        others.contains(&word) || word.starts_with(last.as_str())
    };
    let places = places(text);
    let word_at = |&(start, end): &(usize, usize)| text.get(start..end).unwrap_or_default();
    let hit = places.iter().position(|place| is_wanted(word_at(place))).unwrap_or_default();
    let first = hit.saturating_sub(BEFORE);
    let shown = places.get(first..places.len().min(first + WORDS)).unwrap_or_default();
    let is_cut = first + shown.len() < places.len();
    let begin = if first == 0 { 0 } else { shown.first().map_or(0, |(start, _)| *start) };
    let end = if is_cut { shown.last().map_or(0, |(_, end)| *end) } else { text.len() };
    let part = text.get(begin..end).unwrap_or_default();
    let (before, after) = (if first == 0 { "" } else { "…" }, if is_cut { "…" } else { "" });
    format!("{before}{part}{after}")
}

/// Where words begin and end, in bytes.
fn places(text: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices() {
        let is_in_word = letter.is_alphanumeric() || ACCENTS.contains(&letter);
        match (start, is_in_word) {
            (None, true) => start = Some(at),
            (Some(begun), false) => {
                places.push((begun, at));
                start = None;
            }
            _ => {}
        }
    }
    places.extend(start.map(|begun| (begun, text.len())));
    places
}

/// A word without case and accents.
fn fold(word: &str) -> String {
    let apart = DecomposingNormalizer::new_nfd().normalize(word);
    apart.chars().filter(|letter| !ACCENTS.contains(letter)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_message_is_shown_whole() {
        assert_eq!(around("The exam, again!", &["exam"]), "The exam, again!");
        assert_eq!(around("", &["exam"]), "");
    }

    #[test]
    fn of_a_long_one_a_part_is_shown_with_the_word_in_it() {
        let long = format!("{}Über Prüfungen, sagte sie.{}", "so ".repeat(30), " ja".repeat(30));
        let part = around(&long, &["uber", "prufung"]);
        assert!(part.starts_with("…so so so so so Über Prüfungen, sagte sie. ja"), "{part}");
        assert!(part.ends_with("ja…"), "{part}");
        assert_eq!(places(&part).len(), WORDS);
    }

    #[test]
    fn nothing_is_cut_within_a_letter() {
        let apart = "a\u{301}".repeat(3);
        assert_eq!(around(&format!("{apart} 日本"), &["日本"]), format!("{apart} 日本"));
    }
}
