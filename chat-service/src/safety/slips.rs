//! Words that are one slip of the finger away from words of ours.

use foldhash::HashMap;

use super::vocabulary::{Tolerance, Vocabulary};

/// Shorter words have too many neighbours.
const SHORTEST: usize = 3;
/// Shortest word in which another letter may stand for the right one.
const SHORTEST_FREE: usize = 4;
/// Longer words than anybody means.
const LONGEST: usize = 20;

/// Words of ours by what is left of them without one of their letters.
#[derive(Debug, Default)]
pub(super) struct Slips {
    without_one: HashMap<u64, Vec<u32>>,
    words: Vec<(Vec<char>, Tolerance)>,
}

/// What went wrong, the likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    Swapped,
    /// The key beside the right one.
    Beside,
    TooFew,
    TooMany,
    Other,
}

impl Slips {
    pub(super) fn of(vocabulary: &Vocabulary) -> Self {
        let mut slips = Self::default();
        for (word, number, tolerance) in vocabulary.words() {
            let letters: Vec<char> = word.chars().collect();
            if tolerance == Tolerance::Exact || !(SHORTEST..=LONGEST).contains(&letters.len()) {
                continue;
            }
            for hash in without_one(&letters).chain([hash(&letters)]) {
                let there = slips.without_one.entry(hash).or_default();
                if there.last() != Some(&number) {
                    there.push(number);
                }
            }
            let place = number as usize;
            if slips.words.len() <= place {
                slips.words.resize(place + 1, (Vec::new(), Tolerance::Exact));
            }
            if let Some(entry) = slips.words.get_mut(place) {
                *entry = (letters, tolerance);
            }
        }
        slips
    }

    /// The word that is most likely meant, if one of ours is.
    pub(super) fn meant(&self, word: &str) -> Option<String> {
        let typed: Vec<char> = word.chars().take(LONGEST + 2).collect();
        if !(SHORTEST..=LONGEST + 1).contains(&typed.len()) {
            return None;
        }
        let hashes = without_one(&typed).chain([hash(&typed)]);
        let near = hashes.filter_map(|hash| self.without_one.get(&hash)).flatten();
        let judged = near.filter_map(|number| {
            let (letters, tolerance) = self.words.get(*number as usize)?;
            let slip = slip(&typed, letters)?;
            let is_free = *tolerance == Tolerance::Free && letters.len() >= SHORTEST_FREE;
            let is_other = matches!(slip, Slip::Beside | Slip::Other);
            (!is_other || is_free).then_some((slip, *number))
        });
        let (_, number) = judged.min()?;
        self.words.get(number as usize).map(|(letters, _)| letters.iter().collect())
    }
}

/// How `typed` became of `meant` by one slip.
pub(super) fn slip(typed: &[char], meant: &[char]) -> Option<Slip> {
    let start = typed.iter().zip(meant).take_while(|(one, other)| one == other).count();
    let (typed, meant) = (typed.get(start..)?, meant.get(start..)?);
    let rest = |letters: &'_ [char], from: usize| letters.get(from..).map(<[char]>::to_vec);
    match (typed, meant) {
        ([], []) => None,
        ([a, b, ..], [c, d, ..]) if a == d && b == c && rest(typed, 2) == rest(meant, 2) => {
            Some(Slip::Swapped)
        }
        _ if rest(typed, 1).as_deref() == Some(meant) => Some(Slip::TooMany),
        _ if Some(typed) == rest(meant, 1).as_deref() => Some(Slip::TooFew),
        ([one, typed @ ..], [other, meant @ ..]) if typed == meant => {
            Some(if are_beside(*one, *other) { Slip::Beside } else { Slip::Other })
        }
        _ => None,
    }
}

/// Whether two keys are neighbours on the keyboards that most people write English on.
fn are_beside(one: char, other: char) -> bool {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let place =
        |letter| ROWS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(letter)?)));
    let (Some((row, at)), Some((other_row, other_at))) = (place(one), place(other)) else {
        return false;
    };
    // Each row stands half a key to the right of the one above.
    let (upper, lower) = if row <= other_row { (at, other_at) } else { (other_at, at) };
    match row.abs_diff(other_row) {
        0 => at.abs_diff(other_at) == 1,
        1 => upper == lower || upper == lower + 1,
        _ => false,
    }
}

/// Words without one of their letters, each as a hash.
pub(super) fn without_one(letters: &[char]) -> impl Iterator<Item = u64> {
    (0..letters.len()).map(move |gap| {
        let rest = letters.iter().enumerate().filter(move |(at, _)| *at != gap);
        rest.fold(SEED, |hash, (_, letter)| mix(hash, *letter))
    })
}

pub(super) fn hash(letters: &[char]) -> u64 {
    letters.iter().fold(SEED, |hash, letter| mix(hash, *letter))
}

/// FNV-1a (64 bits): good enough where each find is looked at again.
pub(super) const SEED: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) fn mix(hash: u64, letter: char) -> u64 {
    (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01b3)
}
