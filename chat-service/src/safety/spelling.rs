//! What the words of a text are to the rules, however they are spelt: slips, digits for letters,
//! letters set apart, words run together. A guess may add what was not seen; it never takes away
//! what is there, because only words that mean nothing to us are guessed at. For score and encoder,
//! which know more words than rules do, slips in those are put right as well.

mod dictionary;
mod disguise;
mod run;

use std::borrow::Cow;

use foldhash::{HashMap, HashSet};

use super::slips::Slips;
use super::tokens::{Break, Token, Tokens};
use super::vocabulary::{Reading, Vocabulary};
use dictionary::Dictionary;
use disguise::{calm, is_amount, is_mixed, plain, spaced, undisguised};
use run::split;

/// A word as rules see it.
#[derive(Debug, Clone)]
pub(super) struct Word<'t> {
    pub(super) reading: Reading,
    /// How it is meant to be spelt, as far as we know.
    pub(super) text: Cow<'t, str>,
    /// What stands for it and the next ones: "dont" for "do" of "do not".
    pub(super) short: Option<&'t str>,
    pub(super) before: Break,
    /// Whether it is not spelt as rules read it.
    pub(super) is_guessed: bool,
    pub(super) is_quoted: bool,
    /// Which token of the text it comes from.
    pub(super) token: usize,
}

/// The token of a text that words come from.
#[derive(Clone, Copy)]
struct Origin<'t> {
    token: &'t Token,
    at: usize,
    before: Break,
}

impl<'t> Origin<'t> {
    fn of(tokens: &'t [Token], at: usize) -> Option<Self> {
        let token = tokens.get(at)?;
        Some(Self { token, at, before: token.before })
    }
}

/// How a text is written.
#[derive(Clone, Copy)]
struct Manner {
    is_disguised: bool,
    is_english: bool,
}

/// All that is known of spelling.
#[derive(Debug)]
pub(super) struct Spelling {
    vocabulary: Vocabulary,
    slips: Slips,
    /// Words that mean nothing to rules but look like words that do, and common ones.
    ordinary: HashSet<Cow<'static, str>>,
    dictionary: Dictionary,
    /// Words that stand for others: "dont" for "do not".
    meanings: HashMap<u32, Vec<Reading>>,
}

/// Letters set apart count as a word from so many on.
const FEWEST_LETTERS: usize = 3;
/// What is left of a word after its apostrophe.
const ENDINGS: [&str; 7] = ["m", "re", "s", "d", "ve", "ll", "t"];

impl Spelling {
    pub(super) fn new(
        vocabulary: Vocabulary,
        mut ordinary: HashSet<Cow<'static, str>>,
        meanings: &[(String, Vec<String>)],
    ) -> Self {
        let known = meanings.iter().map(|(word, meant)| {
            let meant = meant.iter().map(|word| vocabulary.read(word)).collect();
            (vocabulary.read(word).word, meant)
        });
        let (meanings, slips) = (known.collect(), Slips::of(&vocabulary));
        let dictionary = Dictionary::read();
        ordinary.extend(dictionary.english().map(Cow::Borrowed));
        Self { vocabulary, slips, ordinary, dictionary, meanings }
    }

    /// Whether a word would be taken for one of ours, were it not known to be another.
    pub(super) fn is_mistaken(&self, word: &str) -> bool {
        !self.vocabulary.read(word).is_known()
            && (self.slips.meant(word).is_some() || split(word, &self.vocabulary).is_some())
    }

    /// Whether a word would be taken for a common one with a slip in it.
    pub(super) fn is_corrected(&self, word: &str) -> bool {
        self.vocabulary.read(word).word == 0 && self.dictionary.correct(word).is_some()
    }

    /// The words of a text.
    pub(super) fn read<'t>(&'t self, text: &'t Tokens) -> Vec<Word<'t>> {
        let tokens = &text.tokens;
        // Who writes letters as digits writes whole words as digits, too.
        let is_disguised = tokens.iter().any(|token| is_mixed(&token.text));
        let manner = Manner { is_disguised, is_english: self.dictionary.is_english(tokens) };
        let (mut words, mut at) = (Vec::with_capacity(tokens.len() + 8), 0);
        while at < tokens.len() {
            let letters = spaced(tokens, at);
            if letters >= FEWEST_LETTERS {
                self.read_letters(tokens, at, letters, manner, &mut words);
                at += letters;
            } else {
                self.read_token(tokens, at, manner, &mut words);
                at += 1;
            }
        }
        words
    }

    fn read_token<'t>(
        &'t self,
        tokens: &'t [Token],
        at: usize,
        manner: Manner,
        words: &mut Vec<Word<'t>>,
    ) {
        let Some(origin) = Origin::of(tokens, at) else { return };
        let text = origin.token.text.as_str();
        let before = at.checked_sub(1).and_then(|before| Origin::of(tokens, before));
        if ENDINGS.contains(&text)
            && origin.before == Break::None
            && let Some(before) = before
        {
            let whole = self.vocabulary.read(&format!("{}{text}", before.token.text));
            if whole.word != 0 {
                while words.last().is_some_and(|word| word.token == before.at) {
                    words.pop();
                }
                return self.put(whole, &before.token.text, before, false, words);
            }
        }
        let exact = self.vocabulary.read(text);
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        let may_be_letters = has_digit && manner.is_disguised;
        let is_ordinary = exact.word != 0 || self.ordinary.contains(text);
        if is_ordinary && !may_be_letters {
            return self.put(exact, text, origin, false, words);
        }
        let first = words.len();
        if exact.is_known() && !may_be_letters {
            // "overdos" begins like a word of ours, and is meant to be one.
            let meant = self.meant(text).filter(|_| !has_digit);
            let word = meant.map_or(0, |meant| meant.word);
            let common = self.common(text, manner).filter(|it| self.vocabulary.read(it).is_known());
            self.put(exact.with_word(word), common.unwrap_or(text), origin, false, words);
        } else if let Some(readings) = self.guess(text) {
            self.put_all(readings, &plain(text, 'i'), origin, true, words);
            self.join(words.get_mut(first..).unwrap_or_default(), text, manner);
        } else {
            return self.put(exact, &self.correct(text, manner), origin, false, words);
        }
        if let [word] = words.get_mut(first..).unwrap_or_default()
            && let Some(common) = self.likelier(text, &word.text, manner)
        {
            word.text = common.into();
        }
    }

    /// The common word that was typed rather than one of the rules'. Letters that were held down are none of
    /// another word.
    fn likelier(&self, typed: &str, ours: &str, manner: Manner) -> Option<&'static str> {
        let is_held = calm(typed).iter().any(|it| self.vocabulary.read(it).word != 0);
        if !manner.is_english || is_held { None } else { self.dictionary.outdo(typed, ours) }
    }

    /// Tells what words that one was taken for are together, where it is a slip away from a common one.
    fn join(&self, words: &mut [Word<'_>], typed: &str, manner: Manner) {
        if let [word, _, ..] = words
            && let Some(common) = self.common(typed, manner)
        {
            word.short = Some(common);
        }
    }

    /// Enters words that one stands for.
    fn put_all<'t>(
        &'t self,
        readings: Vec<Reading>,
        text: &str,
        origin: Origin<'t>,
        is_guessed: bool,
        words: &mut Vec<Word<'t>>,
    ) {
        let (first, are_several) = (words.len(), readings.len() > 1);
        for (number, reading) in readings.into_iter().enumerate() {
            let before = if number == 0 { origin.before } else { Break::None };
            self.put(reading, text, Origin { before, ..origin }, is_guessed, words);
        }
        // "dontwanna" is more than "dont".
        words.iter_mut().skip(first).filter(|_| are_several).for_each(|word| word.short = None);
    }

    /// Enters a word, or those that it means. Its text counts where it is none of ours.
    fn put<'t>(
        &'t self,
        reading: Reading,
        text: &str,
        origin: Origin<'t>,
        is_guessed: bool,
        words: &mut Vec<Word<'t>>,
    ) {
        let meant = self.meanings.get(&reading.word).filter(|_| reading.word != 0);
        let alone = [reading];
        let readings = meant.map_or(alone.as_slice(), Vec::as_slice);
        let whole = self.vocabulary.spelt(reading.word).filter(|_| readings.len() > 1);
        for (number, reading) in readings.iter().enumerate() {
            let before = if number == 0 { origin.before } else { Break::None };
            let short = whole.filter(|_| number == 0);
            let text = self
                .vocabulary
                .spelt(reading.word)
                .map_or_else(|| text.to_owned().into(), Cow::Borrowed);
            let (reading, is_quoted) = (*reading, origin.token.is_quoted);
            let token = origin.at;
            words.push(Word { reading, text, short, before, is_guessed, is_quoted, token });
        }
    }

    /// Reads letters that are set apart: "s u i c i d e", "k.i.l.l".
    fn read_letters<'t>(
        &'t self,
        tokens: &'t [Token],
        at: usize,
        count: usize,
        manner: Manner,
        words: &mut Vec<Word<'t>>,
    ) {
        let letters = tokens.get(at..at + count).unwrap_or_default();
        let all_apart = letters.iter().skip(1).all(|letter| letter.is_apart);
        let mut group = String::new();
        let mut start = at;
        for (number, letter) in letters.iter().enumerate() {
            let begins =
                number > 0 && ((letter.is_apart && !all_apart) || letter.before != Break::None);
            if begins {
                self.read_group(&group, Origin::of(tokens, start), manner, words);
                group.clear();
                start = at + number;
            }
            group.push_str(&letter.text);
        }
        self.read_group(&group, Origin::of(tokens, start), manner, words);
    }

    fn read_group<'t>(
        &'t self,
        group: &str,
        origin: Option<Origin<'t>>,
        manner: Manner,
        words: &mut Vec<Word<'t>>,
    ) {
        let Some(origin) = origin else { return };
        let exact = self.vocabulary.read(group);
        let guessed = || self.guess(group).or_else(|| split(group, &self.vocabulary));
        let readings = if exact.is_known() { Some(vec![exact]) } else { guessed() };
        let readings = readings.unwrap_or_else(|| vec![exact]);
        self.put_all(readings, &self.correct(group, manner), origin, group.len() > 1, words);
    }

    /// What a word may be that is not spelt like any of ours.
    fn guess(&self, word: &str) -> Option<Vec<Reading>> {
        if let Some(reading) = self.undisguise(word) {
            return Some(vec![reading]);
        }
        if self.ordinary.contains(word) || word.chars().any(|letter| letter.is_ascii_digit()) {
            return None;
        }
        let calm = calm(word);
        for plain in &calm {
            let reading = self.vocabulary.read(plain);
            if reading.is_known() {
                return Some(vec![reading]);
            }
        }
        let slip = self.meant(word).or_else(|| self.meant(calm.last()?));
        slip.map(|reading| vec![reading]).or_else(|| split(word, &self.vocabulary))
    }

    /// A word that none of ours can be meant by, as it is spelt without disguise and, in English, without
    /// slips, as far as we know: for score and encoder, rules know nothing of it.
    fn correct<'w>(&self, word: &'w str, manner: Manner) -> Cow<'w, str> {
        if !word.is_ascii() || is_amount(word) {
            return word.into();
        }
        let is_known = |it: &str| self.ordinary.contains(it) || self.dictionary.has(it);
        let first = plain(word, 'i');
        if is_known(&first) {
            return first;
        }
        let second = Some(plain(word, 'l')).filter(|_| is_mixed(word));
        if let Some(known) = second.filter(|it| is_known(it)) {
            return known;
        }
        if let Some(calm) = calm(&first).into_iter().find(|it| is_known(it)) {
            return calm.into();
        }
        self.common(&first, manner).map_or(first, Cow::Borrowed)
    }

    /// The common English word that a word of an English text is a slip away from.
    fn common(&self, word: &str, manner: Manner) -> Option<&'static str> {
        if manner.is_english { self.dictionary.correct(word) } else { None }
    }

    /// Digits and signs for letters: "su1c1d3", "k!ll", "d*e".
    fn undisguise(&self, word: &str) -> Option<Reading> {
        if !word.chars().any(|letter| letter.is_ascii_digit() || "@$!|*+".contains(letter)) {
            return None;
        }
        for one in ['i', 'l'] {
            let plain: String = word.chars().map(|letter| undisguised(letter, one)).collect();
            let reading = self.vocabulary.read(&plain);
            if reading.is_known() {
                return Some(reading);
            }
            if plain.chars().all(char::is_alphabetic)
                && !word.chars().all(|letter| letter.is_ascii_digit())
                && !self.ordinary.contains(plain.as_str())
                && let Some(reading) = self.meant(&plain)
            {
                return Some(reading);
            }
        }
        word.contains('*').then(|| self.meant(word)).flatten()
    }

    /// The word of ours that a word is a slip away from.
    fn meant(&self, word: &str) -> Option<Reading> {
        self.slips.meant(word).map(|meant| self.vocabulary.read(&meant))
    }
}

#[cfg(test)]
mod tests;
