//! Words that are run together.

use crate::safety::vocabulary::{Reading, Vocabulary};

/// Shortest run of letters that may be several words.
const SHORTEST: usize = 6;
/// Longest one that is taken apart.
const LONGEST: usize = 40;
/// Longest word of ours, in letters.
const LONGEST_WORD: usize = 20;

/// Words of ours that are run together: "killmyself".
pub(super) fn split(run: &str, vocabulary: &Vocabulary) -> Option<Vec<Reading>> {
    let length = run.len();
    if !run.bytes().all(|byte| byte.is_ascii_lowercase()) || !(SHORTEST..=LONGEST).contains(&length)
    {
        return None;
    }
    // For each place, where the last word before it begins, and how many words there are.
    let mut ways: Vec<Option<(usize, usize)>> = vec![None; length + 1];
    *ways.first_mut()? = Some((0, 0));
    for end in 1..=length {
        let starts = end.saturating_sub(LONGEST_WORD)..end;
        let found = starts.filter_map(|start| {
            let (_, words) = (*ways.get(start)?)?;
            let word = run.get(start..end)?;
            let is_word = (word.len() > 1 || word == "i") && vocabulary.has(word);
            is_word.then_some((words + 1, start))
        });
        let best = found.min().map(|(words, start)| (start, words));
        *ways.get_mut(end)? = best;
    }
    let (mut end, mut words) = (length, Vec::new());
    while end > 0 {
        let (start, _) = (*ways.get(end)?)?;
        words.push(vocabulary.read(run.get(start..end)?));
        end = start;
    }
    words.reverse();
    Some(words)
}
