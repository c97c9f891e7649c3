//! Which numbers are ours, however they are written.

use std::collections::HashSet;
use std::sync::LazyLock;

use crisis_resources::{Line, Region, knows_number, regions};

use super::figures::Figure;
use super::{LONG, WellKnown, words};

/// Longest number, in digits, that means something else, or nothing, in another country.
const SHORT: usize = 6;
/// Longest one that is worth nothing at all where the country is not known.
const SHORTEST: usize = 4;
/// Groups of digits that are tried in all ways.
const MOST_GROUPS: usize = 12;

/// Our numbers without their country codes, as they are dialled at home.
static AT_HOME: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = regions().flat_map(|region| &region.lines).flat_map(numbers);
    let international = lines.filter(|number| number.trim_start().starts_with('+'));
    let home = international.flat_map(|number| without_code(&digits(number)));
    home.collect()
});

/// What is known where.
pub(super) struct Known<'a> {
    /// The text that the number stands in.
    pub(super) text: &'a str,
    pub(super) region: Option<&'a Region>,
}

impl Known<'_> {
    /// Whether a number is ours: the whole of it, or several beside each other ("988 / 911").
    pub(super) fn has(&self, figure: &Figure) -> bool {
        if let Some(letters) = &figure.letters {
            let keys = letters.chars().filter_map(key);
            return self.is_known(&figure.digits.chars().chain(keys).collect::<String>(), false);
        }
        self.is_known(&figure.digits, figure.is_international)
            || (figure.groups.len() <= MOST_GROUPS && self.is_several(&figure.groups, 2, false))
    }

    /// Whether a number is one of the region's, or known everywhere where there is none.
    pub(super) fn names_help(&self, figure: &Figure) -> bool {
        let is_help = |number: &str| match self.region {
            Some(region) => of_region(region).any(|ours| is_same(&ours, number)),
            None => well_known(number).is_some_and(WellKnown::is_everywhere),
        };
        is_help(&figure.digits) || figure.groups.iter().any(|group| is_help(group))
    }

    fn is_known(&self, number: &str, is_international: bool) -> bool {
        if number.len() <= SHORT {
            return self.is_known_here(number);
        }
        if knows_number(number) || AT_HOME.contains(number) || well_known(number).is_some() {
            return true;
        }
        let is_american = number.len() == 11 && number.starts_with('1');
        let mut forms = Vec::new();
        if is_international || is_american {
            forms.extend(without_code(number.trim_start_matches("00")));
        }
        if number.len() == 10 {
            forms.push(format!("1{number}"));
        }
        forms.iter().any(|form| {
            if form.len() <= SHORT { self.is_known_here(form) } else { knows_number(form) }
        })
    }

    /// Whether a short number is answered where the person is, or where the text says it is.
    fn is_known_here(&self, number: &str) -> bool {
        let famous = well_known(number);
        let is_everywhere = famous.is_some_and(WellKnown::is_everywhere);
        let is_here = match self.region {
            None => number.len() > SHORTEST && knows_number(number),
            Some(region) => {
                of_region(region).any(|ours| is_same(&ours, number))
                    || famous.is_some_and(|it| it.regions.contains(&region.code))
            }
        };
        is_everywhere || is_here || self.names_place_of(number, famous)
    }

    fn names_place_of(&self, number: &str, famous: Option<&WellKnown>) -> bool {
        let places = famous.into_iter().flat_map(|it| it.places.split_whitespace());
        let mut places = places.filter(|place| !place.is_empty());
        let is_word = |place: &str| {
            let words = self.text.split(|letter: char| !letter.is_alphanumeric());
            words.into_iter().any(|word| word == place)
                || (!place.is_ascii() && self.text.contains(place))
        };
        places.any(is_word)
            || regions().any(|region| {
                self.text.contains(&region.name)
                    && of_region(region).any(|ours| is_same(&ours, number))
            })
    }

    /// Whether groups of digits are known numbers one after the other, with little left over.
    fn is_several(&self, groups: &[String], spare: usize, has_one: bool) -> bool {
        let Some((first, rest)) = groups.split_first() else { return has_one };
        let is_one = (1..=groups.len().min(6)).any(|size| {
            let (these, others) = groups.split_at(size);
            let number = these.concat();
            (number.len() > 2 || self.region.is_some())
                && self.is_known(&number, false)
                && self.is_several(others, spare, true)
        });
        is_one || (spare > 0 && first.len() <= 2 && self.is_several(rest, spare - 1, has_one))
    }
}

fn numbers(line: &Line) -> impl Iterator<Item = &str> {
    line.phone.as_deref().into_iter().chain(line.sms.as_ref().map(|sms| sms.to.as_str()))
}

fn of_region(region: &Region) -> impl Iterator<Item = String> {
    let emergency = region.emergency.iter().map(String::as_str);
    emergency.chain(region.lines.iter().flat_map(numbers)).map(digits)
}

/// Whether a number is one of ours, with or without the code of its country.
fn is_same(ours: &str, number: &str) -> bool {
    ours == number
        || (number.len() > LONG && without_code(number).contains(&ours.to_owned()))
        || (ours.len() > LONG && without_code(ours).contains(&number.to_owned()))
}

fn well_known(number: &str) -> Option<&'static WellKnown> {
    words().well_known.iter().find(|it| it.number == number)
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// A number without the code of its country, as it may be dialled at home.
fn without_code(number: &str) -> Vec<String> {
    let home = number.get(code_size(number)..).filter(|home| home.len() > 2);
    home.map(|home| vec![home.to_owned(), format!("0{home}"), format!("1{home}")])
        .unwrap_or_default()
}

/// How many digits the code of the country has: the codes are such that the first two tell (ITU-T E.164).
fn code_size(number: &str) -> usize {
    let start: Option<u8> = number.get(..2).and_then(|start| start.parse().ok());
    match start {
        Some(10..=19 | 70..=79) => 1,
        Some(
            20
            | 27
            | 30..=34
            | 36
            | 39..=41
            | 43..=49
            | 51..=58
            | 60..=66
            | 81
            | 82
            | 84
            | 86
            | 90..=95
            | 98,
        ) => 2,
        _ => 3,
    }
}

/// The key of a phone that has a letter.
fn key(letter: char) -> Option<char> {
    Some(match letter {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        _ => return None,
    })
}
