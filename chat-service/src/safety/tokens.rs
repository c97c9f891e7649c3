//! A text as words, each with what stood before it.

use super::letters::{fold, is_ideograph, is_letter, latin};

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// A space, or nothing.
    None,
    /// A comma, a dash: a phrase may go on over it.
    Soft,
    /// The end of a line: a phrase may go on over it, too.
    Line,
    /// The end of a sentence.
    Hard,
}

/// A word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) before: Break,
    /// Whether more than one space, or a slash, stood before it.
    pub(super) is_apart: bool,
    /// Whether it stands between quotation marks.
    pub(super) is_quoted: bool,
}

/// A text as words.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Where somebody laughs: before the token of that number.
    pub(super) laughs: Vec<usize>,
}

/// Longest quotation, in words: a mark that is never closed says nothing about the rest.
const LONGEST_QUOTATION: usize = 60;
/// Words that have lost their beginning, and so begin with a mark that begins no quotation.
const ELISIONS: [&str; 12] =
    ["cause", "cuz", "coz", "cos", "tis", "twas", "em", "til", "till", "bout", "n", "round"];

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let folded = fold(text);
        let mut reader = Reader::default();
        let mut letters = folded.chars().peekable();
        let mut last = ' ';
        while let Some(letter) = letters.next() {
            let next = letters.peek().copied().unwrap_or(' ');
            reader.take(last, letter, next);
            last = letter;
        }
        reader.close();
        reader.found
    }
}

/// The words of a word in a pattern: one, or as many as it has ideographs.
pub(super) fn words_of(word: &str) -> Vec<String> {
    let (word, star) = word.strip_suffix('*').map_or((word, ""), |stem| (stem, "*"));
    let mut words: Vec<String> = Tokens::of(word).tokens.into_iter().map(|it| it.text).collect();
    if let Some(last) = words.last_mut() {
        last.push_str(star);
    }
    words
}

#[derive(Default)]
struct Reader {
    found: Tokens,
    word: String,
    before: Option<Break>,
    spaces: usize,
    dots: usize,
    /// The token at which the sentence began.
    sentence: usize,
    /// The token at which the quotation began.
    quote: Option<usize>,
    /// The same for one between single marks.
    single: Option<usize>,
}

impl Reader {
    fn take(&mut self, last: char, letter: char, next: char) {
        // Most letters, and so the quick way for most texts.
        if letter.is_ascii_alphanumeric() {
            return self.word.push(letter);
        }
        if letter == '\'' && !(is_letter(last) && is_letter(next)) {
            self.apostrophe(last, next);
        }
        if is_ideograph(letter) {
            self.close();
            self.word.push(letter);
            self.close();
        } else if is_letter(letter) || is_disguise(last, letter, next) {
            self.word.push(letter);
        } else if letter == '\'' && is_letter(last) && is_letter(next) {
            // "don't" and "dont" are one word.
        } else {
            self.close();
            self.mark(letter, next);
        }
    }

    /// Takes what is no part of a word.
    fn mark(&mut self, letter: char, next: char) {
        self.dots = if letter == '.' { self.dots + 1 } else { 0 };
        match letter {
            ' ' | '\t' | '\u{a0}' | '\u{3000}' => self.spaces += 1,
            '/' | '\\' => self.spaces += 2,
            // "d o n ' t" is one word.
            '\'' => self.spaces = 0,
            // Three dots are a pause; a dot between two letters is a disguise or a typo.
            '.' if self.dots > 1 => self.before = Some(Break::Soft),
            '.' if is_letter(next) => self.raise(Break::None),
            '.' | '!' | '?' | ';' | '。' | '！' | '？' | '；' | '؟' | '।' | '۔' => {
                self.end_sentence();
            }
            '\n' | '\r' => self.raise(Break::Line),
            ',' | ':' | '…' | '–' | '—' | '(' | ')' | '،' | '，' | '、' | '：' => {
                self.raise(Break::Soft);
            }
            '"' => self.quotation(),
            _ if is_laugh(letter) => self.found.laughs.push(self.found.tokens.len()),
            _ => {}
        }
    }

    /// A sentence of one word is none, "want. to. die.", but after a whole one: "I have it. Tonight. It rains."
    fn end_sentence(&mut self) {
        let here = self.found.tokens.len();
        let is_word = here.saturating_sub(self.sentence) == 1;
        let first = self.found.tokens.get(self.sentence);
        let follows = first.is_some_and(|first| first.before >= Break::Hard);
        self.raise(if is_word && !follows { Break::Soft } else { Break::Hard });
        self.single = None;
        self.sentence = here;
    }

    fn raise(&mut self, to: Break) {
        self.before = Some(self.before.map_or(to, |before| before.max(to)));
    }

    fn quotation(&mut self) {
        let here = self.found.tokens.len();
        match self.quote.take() {
            Some(start) if here - start <= LONGEST_QUOTATION => self.quote_from(start),
            _ => self.quote = Some(here),
        }
        self.raise(Break::Soft);
    }

    /// 'Like this': a quotation, too, where no word goes on over the mark.
    fn apostrophe(&mut self, last: char, next: char) {
        // "nothin' helps", "my parents' house": no end.
        let is_end = !(is_letter(next) || self.word.ends_with("in") || self.word.ends_with('s'));
        self.close();
        match self.single.take() {
            Some(start) if is_end => {
                let first = self.found.tokens.get(start).map_or("", |token| token.text.as_str());
                if !ELISIONS.contains(&first) {
                    self.quote_from(start);
                }
            }
            _ if !is_letter(last) && is_letter(next) => {
                self.single = Some(self.found.tokens.len());
            }
            left => self.single = left,
        }
    }

    /// Marks what was said since, if it is no longer than a quotation.
    fn quote_from(&mut self, start: usize) {
        if self.found.tokens.len() - start <= LONGEST_QUOTATION {
            self.found.tokens.iter_mut().skip(start).for_each(|token| token.is_quoted = true);
        }
    }

    fn close(&mut self) {
        if self.word.is_empty() {
            return;
        }
        // Keeps its room for the next word; each word is given just what it needs.
        let mut text = self.word.clone();
        self.word.clear();
        if !text.is_ascii() && text.chars().any(|letter| letter.is_ascii_alphabetic()) {
            text = text.chars().map(latin).collect();
        }
        let before = self.before.take().unwrap_or(Break::None);
        let is_apart = self.spaces > 1;
        (self.spaces, self.dots) = (0, 0);
        self.found.tokens.push(Token { text, before, is_apart, is_quoted: false });
    }
}

/// A sign that stands for a letter: "k!ll", "@lone", "su*cide".
fn is_disguise(last: char, letter: char, next: char) -> bool {
    match letter {
        '@' | '$' => is_letter(next) || is_letter(last),
        '!' | '|' | '*' | '+' => last.is_ascii_alphanumeric() && next.is_ascii_alphanumeric(),
        _ => false,
    }
}

fn is_laugh(letter: char) -> bool {
    matches!(letter, '😂' | '🤣' | '😆' | '😹' | '😜' | '🤪' | '😝')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Tokens::of(text).tokens.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_are_taken_apart_where_people_take_them_apart() {
        assert_eq!(words("I don’t WANT to live."), ["i", "dont", "want", "to", "live"]);
        assert_eq!(words("我不想活了"), ["我", "不", "想", "活", "了"]);
        assert_eq!(words("k!ll my$elf"), ["k!ll", "my$elf"]);
        assert_eq!(words("die😭now"), ["die", "now"]);
        assert_eq!(words("मैं मरना चाहता हूँ"), ["मैं", "मरना", "चाहता", "हूँ"]);
        assert_eq!(words_of("suicid*"), ["suicid*"]);
        assert_eq!(words_of("想死"), ["想", "死"]);
    }

    #[test]
    fn what_stands_between_words_is_kept() {
        let breaks = |text: &str| {
            Tokens::of(text).tokens.iter().map(|token| token.before).collect::<Vec<_>>()
        };
        assert_eq!(breaks("Oh no. I, too"), [Break::None, Break::None, Break::Hard, Break::Soft]);
        assert_eq!(breaks("want. to. die"), [Break::None, Break::Soft, Break::Soft]);
        assert_eq!(
            breaks("a note. now. it rains"),
            [Break::None, Break::None, Break::Hard, Break::Hard, Break::None]
        );
        assert_eq!(breaks("want to... die"), [Break::None, Break::None, Break::Soft]);
        assert_eq!(breaks("to die... 😞. It rains")[2..], [Break::Hard, Break::None]);
        let quoted = Tokens::of("he said \"I want to die\" twice").tokens;
        let quoted: Vec<_> = quoted.iter().map(|token| token.is_quoted).collect();
        assert_eq!(quoted, [false, false, true, true, true, true, false]);
        let quoted = |text: &str| {
            let tokens = Tokens::of(text).tokens;
            tokens.iter().filter(|token| token.is_quoted).count()
        };
        assert_eq!(quoted("he typed 'i don't want to live' again, the boys' way"), 5);
        assert_eq!(quoted("the boys' idea, 'tis mine"), 0);
        assert_eq!(quoted("she said whatever 'cause i want to die and nothin' helps"), 0);
        assert_eq!(quoted("whatever 'cause i want to die and my parents' house is cold, 'k"), 0);
    }
}
