//! The words that rules speak of, numbered, so that a text is looked at once for all rules.

use foldhash::{HashMap, HashMapExt};

/// Beginnings of words that rules may speak of.
const MOST_STEMS: usize = 256;

/// Longest beginning, in bytes, and one more.
const LONGEST_STEM: usize = 64;
/// Into how many kinds the first two bytes of words fall: those of two plain letters never into one.
const STARTS: usize = 1 << 13;

/// Some of the beginnings, a bit each.
pub(super) type Stems = [u64; MOST_STEMS / 64];

/// The numbers of some beginnings.
pub(super) fn stems(stems: &Stems) -> impl Iterator<Item = usize> {
    let numbered = stems.iter().enumerate();
    numbered.flat_map(|(number, bits)| ones(*bits).map(move |bit| number * 64 + bit))
}

/// Which bits are set, the lowest first.
fn ones(bits: u64) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)));
    rest.take_while(|bits| *bits != 0).map(|bits| bits.trailing_zeros() as usize)
}

/// The first two bytes of a word, zero where there is none.
fn first_two(word: &str) -> (u8, u8) {
    let mut bytes = word.bytes();
    let mut next = || bytes.next().unwrap_or_default();
    (next(), next())
}

/// Where the lengths of beginnings stand that begin with two bytes.
fn start((first, second): (u8, u8)) -> usize {
    usize::from(u16::from_le_bytes([first, second])) % STARTS
}

/// How freely a word may be misspelt and still count. In languages that bend their words by one
/// letter ("matarme", "matarte"), another letter is another word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tolerance {
    /// Not at all.
    Exact,
    /// Letters too many, too few or swapped.
    Slips,
    /// Another letter, too.
    Free,
}

/// What a word of a text is to the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// Zero for a word that no rule speaks of.
    pub(super) word: u32,
    pub(super) stems: Stems,
    sieve: u64,
}

impl Reading {
    fn new(word: u32, stems: Stems) -> Self {
        let sieve = of_word(word) | if stems == Stems::default() { 0 } else { OF_STEMS };
        Self { word, stems, sieve }
    }

    /// The same beginnings, of another word.
    pub(super) fn with_word(self, word: u32) -> Self {
        Self::new(word, self.stems)
    }

    pub(super) fn is_known(&self) -> bool {
        self.word != 0 || self.stems != Stems::default()
    }

    /// Its bits in the [`Class::sieve`] of each class that has it: none for a word that no rule speaks of.
    pub(super) fn sieve(&self) -> u64 {
        self.sieve
    }
}

/// The bit of words that begin like words of ours.
const OF_STEMS: u64 = 1 << 63;

/// Words that half of any text is made of. They are the first of all words, and each has a bit of its
/// own: where it is set, nothing is left to look for.
const COMMON: [&str; OWN as usize] = [
    "i", "the", "to", "a", "and", "my", "it", "of", "in", "that", "me", "is", "you", "was", "for",
    "on", "so", "but", "not", "do", "have", "be", "with", "just", "this", "all", "if", "want",
    "no", "can", "am", "ich", "nicht", "und", "我", "不",
];
/// How many bits that takes.
const OWN: u32 = 36;

/// The bit of a word; none for one that no rule speaks of.
fn of_word(word: u32) -> u64 {
    match word {
        0 => 0,
        1..=OWN => 1 << (word - 1),
        _ => 1 << (OWN + word % (OF_STEMS.trailing_zeros() - OWN)),
    }
}

/// Words of which any will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Class {
    words: Box<[u32]>,
    /// A bit for each of its words, several words to a bit, and one for beginnings: most looks end here.
    sieve: u64,
    /// Few classes have any.
    stems: Option<Box<Stems>>,
}

impl Class {
    pub(super) fn has(&self, reading: &Reading) -> bool {
        self.sieve & reading.sieve != 0
            && (self.has_word(reading.word)
                || self.stems.as_ref().is_some_and(|stems| {
                    stems.iter().zip(&reading.stems).any(|(ours, theirs)| ours & theirs != 0)
                }))
    }

    fn has_word(&self, word: u32) -> bool {
        if word <= OWN {
            self.sieve & of_word(word) != 0
        } else {
            self.words.binary_search(&word).is_ok()
        }
    }

    /// Which bits one of its words has: a word with none of them is not in it.
    pub(super) fn sieve(&self) -> u64 {
        self.sieve
    }

    /// All the words of some classes.
    pub(super) fn union<'a>(classes: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut words, mut stems) = (Vec::new(), Stems::default());
        for class in classes {
            words.extend_from_slice(&class.words);
            let theirs = class.stems.as_deref().copied().unwrap_or_default();
            stems.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours |= theirs);
        }
        Self::of(words, &stems)
    }

    fn of(mut words: Vec<u32>, stems: &Stems) -> Self {
        words.sort_unstable();
        words.dedup();
        let stems = (*stems != Stems::default()).then(|| Box::new(*stems));
        let of_stems = if stems.is_some() { OF_STEMS } else { 0 };
        let sieve = words.iter().fold(of_stems, |bits, word| bits | of_word(*word));
        Self { words: words.into(), sieve, stems }
    }

    pub(super) fn words(&self) -> &[u32] {
        &self.words
    }

    pub(super) fn stems(&self) -> impl Iterator<Item = usize> {
        self.stems.as_deref().into_iter().flat_map(stems)
    }
}

/// The words that rules speak of.
#[derive(Debug)]
pub(super) struct Vocabulary {
    words: HashMap<String, u32>,
    /// The words by their numbers.
    spelt: Vec<String>,
    stems: HashMap<String, usize>,
    /// Lengths in bytes that beginnings have, a bit each, by their first bytes (see [`start`]): hardly
    /// any word begins like one.
    lengths: Vec<u64>,
    tolerances: Vec<Tolerance>,
    /// How words that enter from now on may be misspelt.
    tolerance: Tolerance,
}

impl Vocabulary {
    pub(super) fn new() -> Self {
        let (words, stems, lengths) = (HashMap::new(), HashMap::new(), vec![0; STARTS]);
        // Number zero is for words that nobody speaks of.
        let (spelt, tolerances) = (vec![String::new()], vec![Tolerance::Exact]);
        let tolerance = Tolerance::Exact;
        let mut vocabulary = Self { words, spelt, stems, lengths, tolerances, tolerance };
        for word in COMMON {
            vocabulary.word(word);
        }
        vocabulary
    }

    /// Says how words that enter from now on may be misspelt.
    pub(super) fn tolerate(&mut self, tolerance: Tolerance) {
        self.tolerance = tolerance;
    }

    /// Enters words, and beginnings of words (`suicid*`), of which any will do.
    ///
    /// # Errors
    /// When there are too many beginnings.
    pub(super) fn class<'a>(
        &mut self,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Result<Class, String> {
        let (mut numbers, mut stems) = (Vec::new(), Stems::default());
        for word in words {
            match word.strip_suffix('*') {
                Some(stem) => {
                    let number = self.stem(stem)?;
                    if let Some(bits) = stems.get_mut(number / 64) {
                        *bits |= 1 << (number % 64);
                    }
                }
                None => numbers.push(self.word(word)),
            }
        }
        Ok(Class::of(numbers, &stems))
    }

    /// Enters a word that rules speak of, or that is only not to be taken for another.
    pub(super) fn word(&mut self, word: &str) -> u32 {
        let tolerance = self.tolerance;
        if let Some(number) = self.words.get(word) {
            if let Some(known) = self.tolerances.get_mut(*number as usize) {
                *known = tolerance.max(*known);
            }
            return *number;
        }
        let number = u32::try_from(self.tolerances.len()).unwrap_or(0);
        self.words.insert(word.to_owned(), number);
        self.spelt.push(word.to_owned());
        self.tolerances.push(tolerance);
        number
    }

    fn stem(&mut self, stem: &str) -> Result<usize, String> {
        if let Some(number) = self.stems.get(stem) {
            return Ok(*number);
        }
        let number = self.stems.len();
        if number == MOST_STEMS {
            return Err(format!("more than {MOST_STEMS} beginnings of words: {stem}*"));
        }
        if !(1..LONGEST_STEM).contains(&stem.len()) {
            return Err(format!("a beginning that is empty or too long: {stem}*"));
        }
        // Of one byte, whatever comes after it.
        let (first, second) = first_two(stem);
        let seconds = if stem.len() == 1 { 0..=u8::MAX } else { second..=second };
        for lengths in seconds.map(|second| start((first, second))) {
            if let Some(lengths) = self.lengths.get_mut(lengths) {
                *lengths |= 1 << stem.len();
            }
        }
        self.stems.insert(stem.to_owned(), number);
        Ok(number)
    }

    /// What a word is, spelt just so.
    pub(super) fn read(&self, word: &str) -> Reading {
        let number = self.words.get(word).copied().unwrap_or(0);
        let mut stems = Stems::default();
        let lengths = self.lengths.get(start(first_two(word))).copied();
        for length in ones(lengths.unwrap_or_default()).take_while(|length| *length <= word.len()) {
            let stem = word.get(..length).and_then(|start| self.stems.get(start));
            if let Some(stem) = stem
                && let Some(bits) = stems.get_mut(stem / 64)
            {
                *bits |= 1 << (stem % 64);
            }
        }
        Reading::new(number, stems)
    }

    /// How the word of a number is spelt; none for number zero.
    pub(super) fn spelt(&self, number: u32) -> Option<&str> {
        self.spelt.get(number as usize).map(String::as_str).filter(|word| !word.is_empty())
    }

    /// Whether a word is spelt like one of ours.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// All words, with their numbers and how they may be misspelt.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, u32, Tolerance)> {
        self.words.iter().map(|(word, number)| {
            let tolerance = self.tolerances.get(*number as usize).copied();
            (word.as_str(), *number, tolerance.unwrap_or(Tolerance::Exact))
        })
    }
}
