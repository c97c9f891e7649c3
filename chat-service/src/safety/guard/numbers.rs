//! Phone numbers in what a model says: only those that are ours may be named.
//!
//! Models make up hotlines, or name those of another country. Long numbers are told by their length,
//! short ones by what stands around them.

mod figures;
mod known;

use std::collections::HashSet;
use std::sync::LazyLock;

use crisis_resources::Region;
use serde::Deserialize;

use self::figures::{Figure, figures};
use self::known::Known;
use super::super::letters::fold;
use super::super::tokens::{Tokens, words_of};
use super::links;

/// Digits from which on a number is a phone number with nothing else to say so.
const LONG: usize = 7;

static WORDS: LazyLock<Result<Words, String>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("rules/numbers.toml")).map_err(|it| it.to_string())?;
    let set = |words: &str| words.split_whitespace().flat_map(words_of).collect();
    Ok(Words {
        calling: set(&file.calling),
        named: set(&file.named),
        counted: set(&file.counted),
        well_known: file.well_known,
    })
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calling: String,
    named: String,
    counted: String,
    well_known: Vec<WellKnown>,
}

#[derive(Debug, Default)]
struct Words {
    calling: HashSet<String>,
    named: HashSet<String>,
    counted: HashSet<String>,
    well_known: Vec<WellKnown>,
}

/// A number that is known far beyond where it is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WellKnown {
    number: String,
    regions: Vec<String>,
    /// Names of places where it is answered, as they are written.
    #[serde(default)]
    places: String,
}

impl WellKnown {
    fn is_everywhere(&self) -> bool {
        self.regions.iter().any(|region| region == "*")
    }
}

/// Whether the lists of words can be read.
pub(super) fn check() -> Result<(), String> {
    WORDS.as_ref().map(|_| ()).map_err(Clone::clone)
}

fn words() -> &'static Words {
    static NONE: LazyLock<Words> = LazyLock::new(Words::default);
    // Services do not start without them: see `check`.
    WORDS.as_ref().unwrap_or(&NONE)
}

/// Whether a word says that a number near it is one to call.
pub(super) fn is_calling(word: &str) -> bool {
    words().calling.contains(word) || words().named.contains(word)
}

/// Whether a word has a digit of any script.
pub(super) fn may_begin(folded: &str) -> bool {
    figures::has_digit(folded)
}

/// The number at the end of a text, if it ends with one: it may go on in what follows.
pub(super) fn tail(text: &str) -> &str {
    let is_mark = |letter: char| " -.()/–*".contains(letter);
    let is_digit = |letter: char| figures::has_digit(&fold(letter.encode_utf8(&mut [0; 4])));
    let is_part = |letter: char| is_mark(letter) || is_digit(letter);
    let start = text.trim_end_matches(is_part).len();
    let tail = text.get(start..).unwrap_or_default();
    if figures::has_digit(&fold(tail)) { tail } else { "" }
}

/// Whether a text has a number to call that is not ours, or not for this region. `is_near`: calling
/// was spoken of.
pub(super) fn is_wrong(text: &str, is_near: bool, region: Option<&Region>) -> bool {
    let known = Known { text, region };
    figures(&links::without_ours(text))
        .iter()
        .any(|figure| is_number_to_call(figure, is_near) && !known.has(figure))
}

/// Whether a text names a number of this region that can be called.
pub(super) fn names_help(text: &str, region: &Region) -> bool {
    let is_near = Tokens::of(text).tokens.iter().any(|token| is_calling(&token.text));
    let known = Known { text, region: (!region.code.is_empty()).then_some(region) };
    figures(text).iter().any(|figure| {
        let is_meant = figure.digits.len() > 4 || (is_near && !counts_something(figure));
        is_meant && known.names_help(figure)
    })
}

fn is_number_to_call(figure: &Figure, is_near: bool) -> bool {
    if figure.is_measure {
        return false;
    }
    if figure.letters.is_some() {
        return figure.digits.len() > 3 && (is_near || figure.has_free_code());
    }
    match figure.digits.len() {
        0 | 1 => false,
        2 => is_shortest_number(figure),
        3 | 4 => is_short_number(figure),
        size if size < LONG => is_near && !figure.is_count() && !counts_something(figure),
        _ => !figure.is_count() && (is_near || !figure.is_quantity()),
    }
}

/// Two digits are one only right behind the word for calling: "call 15", "ruf die 15 an".
fn is_shortest_number(figure: &Figure) -> bool {
    let is_article = |word: &&String| ["the", "die", "le", "el", "o"].contains(&word.as_str());
    let mut before = figure.words_before.iter().rev().skip_while(is_article);
    let is_called = before.next().is_some_and(|word| words().calling.contains(word));
    let next = figure.words_after.first();
    is_called
        && (figure.is_last || next.is_some_and(|it| it == "an" || words().calling.contains(it)))
}

/// Three or four digits are most often no number to call.
fn is_short_number(figure: &Figure) -> bool {
    let near = |most: usize| figure.words_before.iter().rev().take(most);
    let has_verb = near(3).any(|word| words().calling.contains(word));
    let has_name =
        near(2).chain(figure.words_after.iter().take(1)).any(|word| words().named.contains(word));
    let has_verb_after =
        figure.words_after.iter().take(3).any(|word| words().calling.contains(word));
    // "4-7-8" is a way to breathe, unless somebody is told to dial it.
    let is_counted_out = figure.is_count() || figure.is_year();
    let is_told = near(1).any(|word| words().calling.contains(word));
    (has_verb || has_name || has_verb_after)
        && !counts_something(figure)
        && (!is_counted_out || is_told)
}

fn counts_something(figure: &Figure) -> bool {
    figure.words_after.first().is_some_and(|word| words().counted.contains(word))
}
