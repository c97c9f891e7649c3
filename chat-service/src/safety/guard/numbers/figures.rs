//! Runs of digits in a text, with what stands around them.

use super::super::super::letters::fold;
use super::super::super::tokens::{Break, Tokens};

/// Most characters between two groups of digits of one number.
const WIDEST: usize = 3;
/// How much of what stands before and after a number is looked at, in characters.
const AROUND: usize = 60;
/// The digit zero of scripts that compatibility forms leave as they are.
const ZEROS: [char; 18] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}',
    '\u{17e0}', '\u{1810}',
];

/// Digits that may be one number.
#[derive(Debug, Default)]
pub(super) struct Figure {
    pub(super) digits: String,
    pub(super) groups: Vec<String>,
    /// What stands between the groups.
    marks: Vec<String>,
    /// It begins with "+" or "00".
    pub(super) is_international: bool,
    /// Letters that stand for digits: "1-800-FLOWERS".
    pub(super) letters: Option<String>,
    /// A time of day, money, percent, degrees.
    pub(super) is_measure: bool,
    /// Nothing follows in the same clause.
    pub(super) is_last: bool,
    /// Words of the same clause, the nearest last.
    pub(super) words_before: Vec<String>,
    pub(super) words_after: Vec<String>,
}

/// Whether there is a digit of any script, in folded letters.
pub(super) fn has_digit(folded: &str) -> bool {
    folded.chars().any(|letter| digit(letter).is_ascii_digit())
}

/// A digit of any script as one of ours; everything else as it is.
fn digit(letter: char) -> char {
    if letter.is_ascii() {
        return letter;
    }
    let value = ZEROS.iter().find_map(|zero| {
        let value = u32::from(letter).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(value)
    });
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(letter)
}

/// All numbers of a text.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let folded = fold(text);
    if !has_digit(&folded) {
        return Vec::new();
    }
    // "24/7" says when a line answers and belongs to no number.
    let folded = folded.replace("24/7", "always").replace("24 / 7", "always");
    let letters: Vec<char> = folded.chars().filter(|it| *it != '\u{20e3}').map(digit).collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(letter) = letters.get(at) {
        if !letter.is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let mut figure = Figure::default();
        loop {
            let group: String = rest(&letters, at).take_while(char::is_ascii_digit).collect();
            at += group.len();
            figure.digits.push_str(&group);
            figure.groups.push(group);
            let marks: String =
                rest(&letters, at).take_while(|it| is_mark(*it)).take(WIDEST + 1).collect();
            let width = marks.chars().count();
            let goes_on = letters.get(at + width).is_some_and(char::is_ascii_digit);
            if !goes_on || width == 0 || width > WIDEST {
                break;
            }
            at += width;
            figure.marks.push(marks);
        }
        figure.surround(&letters, start, at);
        found.push(figure);
    }
    found
}

fn rest(letters: &[char], at: usize) -> impl Iterator<Item = char> {
    letters.iter().skip(at).copied()
}

/// What may stand between the groups of one number.
fn is_mark(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\n' | '\t' | '-' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '.' | '(' | ')' | '/' | '·' | '•' | '_' | '*' | '|' | '~'
    )
}

impl Figure {
    /// Takes what stands around the digits.
    fn surround(&mut self, letters: &[char], start: usize, end: usize) {
        let from = start.saturating_sub(AROUND);
        let before: String = rest(letters, from).take(start - from).collect();
        let after: String = rest(letters, end).take(AROUND).collect();
        let last = before.trim_end_matches([' ', '(', '*']).chars().next_back();
        let next = after.trim_start_matches([' ', ')', '*']).chars().next();
        self.is_international =
            last == Some('+') || self.digits.starts_with("00") && self.digits.len() > 5;
        let is_digit = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_digit());
        let is_time = (before.ends_with(':') && is_digit(before.chars().rev().nth(1)))
            || (after.starts_with(':') && is_digit(after.chars().nth(1)));
        let is_amount = last.is_some_and(|it| "$€£¥₹".contains(it))
            || next.is_some_and(|it| "%€£¥₹°٪".contains(it));
        self.is_measure = is_time || is_amount;
        let dash: usize = after.chars().take(2).take_while(|it| "-. ".contains(*it)).count();
        let word: String =
            rest(letters, end + dash).take_while(char::is_ascii_alphabetic).collect();
        let is_joined = dash == 1 && !after.starts_with(' ');
        self.letters =
            (word.len() > 2 && (is_joined || (dash == 1 && self.has_free_code()))).then_some(word);
        let tokens = Tokens::of(&before).tokens;
        let whole = Tokens::of(&format!("{before}0{after}")).tokens;
        let clause = |at: usize| whole.get(at).is_none_or(|it| it.before != Break::None);
        let here = tokens.len();
        // A colon leads from the name of a line to its number: only sentences end here.
        let first =
            (0..here).rev().find(|at| whole.get(*at).is_some_and(|it| it.before == Break::Hard));
        self.words_before = tokens.into_iter().skip(first.unwrap_or(0)).map(|it| it.text).collect();
        let following = whole.iter().skip(here + 1);
        self.words_after = following
            .take_while(|it| it.before == Break::None)
            .take(3)
            .map(|it| it.text.clone())
            .collect();
        self.is_last = clause(here + 1);
    }

    /// Whether it has the beginning of numbers that cost nothing, which letters often follow.
    pub(super) fn has_free_code(&self) -> bool {
        let codes =
            ["800", "888", "877", "866", "855", "844", "833", "0800", "1800", "1300", "0808"];
        self.groups.iter().any(|group| codes.contains(&group.as_str()))
    }

    /// Whether it counts, is a date, or a few years: nothing that anybody would dial.
    pub(super) fn is_count(&self) -> bool {
        let values: Vec<i64> = self.groups.iter().filter_map(|it| it.parse().ok()).collect();
        let steps: Vec<i64> =
            values.windows(2).filter_map(|it| Some(it.last()? - it.first()?)).collect();
        let is_short = self.groups.iter().all(|group| group.len() <= 2);
        let is_even =
            steps.len() > 1 && is_short && steps.windows(2).all(|it| it.first() == it.last());
        let is_breath =
            (2..=5).contains(&values.len()) && self.groups.iter().all(|it| it.len() == 1);
        is_even || is_breath || self.is_date() || (values.len() > 1 && self.is_year())
    }

    pub(super) fn is_year(&self) -> bool {
        let is_year = |it: &String| it.len() == 4 && (it.starts_with("19") || it.starts_with("20"));
        self.groups.iter().all(is_year)
    }

    fn is_date(&self) -> bool {
        let sizes: Vec<usize> = self.groups.iter().map(String::len).collect();
        let [first, second, third] = sizes.as_slice() else { return false };
        let is_day = |size: &usize| (1..=2).contains(size);
        let is_same = self.marks.first() == self.marks.last();
        is_same
            && is_day(second)
            && ((*first == 4 && is_day(third)) || (is_day(first) && *third == 4))
    }

    /// Whether it may be a quantity: thousands in groups, or many decimals.
    pub(super) fn is_quantity(&self) -> bool {
        let (Some(first), Some(mark)) = (self.groups.first(), self.marks.first()) else {
            return false;
        };
        let is_same = [".", " "].contains(&mark.as_str()) && self.marks.iter().all(|it| it == mark);
        let is_grouped = self.groups.iter().skip(1).all(|group| group.len() == 3);
        let is_decimal = self.groups.len() == 2 && mark == "." && first.len() <= 2;
        is_same && ((first.len() <= 3 && is_grouped && self.groups.len() == 3) || is_decimal)
    }
}
