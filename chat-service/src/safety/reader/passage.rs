//! Which words of a text are read, and how they are written for it.

use std::ops::Range;

use crate::safety::score;
use crate::safety::spelling::Word;
use crate::safety::tokens::{Break, Tokens};

/// Longest passage, in words.
pub(super) const LONGEST: usize = 100;

/// The gravest passages of a text: all of it, or the sentences around those that sound gravest, and
/// those by themselves, so that nothing said around them makes them sound calmer. Words are spelt as
/// far as we know, with marks where a clause or a sentence ends, and where a quotation does. What has no
/// words, or most of them in a script that cannot be read, is no passage.
pub(super) fn all(words: &[Word], tokens: &Tokens) -> Vec<String> {
    let gravest = score::gravest(words);
    let around = widen(&gravest, words);
    let alone = (gravest != around).then_some(gravest);
    let passages = [around].into_iter().chain(alone).filter_map(|range| words.get(range));
    passages.filter(|words| is_legible(words)).map(|words| write(words, tokens)).collect()
}

fn is_legible(words: &[Word]) -> bool {
    let legible = words.iter().filter(|word| word.text.is_ascii()).count();
    2 * legible > words.len()
}

/// As many sentences around a passage as are read at once.
fn widen(passage: &Range<usize>, words: &[Word]) -> Range<usize> {
    if words.len() <= LONGEST {
        return 0..words.len();
    }
    let starts: Vec<usize> = score::starts(words).collect();
    let mut chosen = passage.clone();
    loop {
        let fits = |range: &Range<usize>| range.len() <= LONGEST;
        let earlier = starts.iter().rev().find(|start| **start < chosen.start);
        let earlier = earlier.map(|start| *start..chosen.end).filter(fits);
        let start = earlier.as_ref().unwrap_or(&chosen).start;
        let later = starts.iter().copied().chain([words.len()]).find(|end| *end > chosen.end);
        let later = later.map(|end| start..end).filter(fits);
        match later.or(earlier) {
            Some(wider) => chosen = wider,
            None => return chosen,
        }
    }
}

fn write(words: &[Word], tokens: &Tokens) -> String {
    let mut written = String::new();
    let mut put = |text: &str| {
        if !written.is_empty() {
            written.push(' ');
        }
        written.push_str(text);
    };
    let mut is_quoted = false;
    for (at, word) in words.iter().enumerate() {
        let comes_from = |other: usize| words.get(other).is_some_and(|it| it.token == word.token);
        let token = tokens.tokens.get(word.token).map_or("", |token| &token.text);
        // What is short for several words is read as it stands: who writes it means it less. Letters
        // set apart are read as the words they make.
        let is_short = token.chars().nth(1).is_some();
        if is_short && at > 0 && comes_from(at - 1) {
            continue;
        }
        if is_quoted && !word.is_quoted {
            put("\"");
        }
        match word.before {
            Break::Soft if at > 0 => put(","),
            Break::Line | Break::Hard if at > 0 => put("."),
            _ => {}
        }
        if word.is_quoted && !is_quoted {
            put("\"");
        }
        is_quoted = word.is_quoted;
        put(if is_short && comes_from(at + 1) { token } else { &word.text });
    }
    written
}

#[cfg(test)]
mod tests {
    use crate::safety::reader::passages;

    #[test]
    fn a_text_is_written_as_it_is_meant() {
        assert_eq!(passages("I want to d1e, OK?"), ["i want to die , ok"]);
        assert_eq!(passages("w a n t  t o  d i e"), ["want to die"]);
        assert_eq!(passages("kms, the bus is late"), ["kms , the bus is late"]);
        assert_eq!(
            passages("The hero says “I want to die” in act two"),
            ["the hero says , \" i want to die \" , in act two"]
        );
    }

    #[test]
    fn what_sounds_gravest_is_read_by_itself_too() {
        let both =
            passages("The bus was late. I want to kill myself. We had soup for lunch today.");
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].matches(" . ").count(), 2);
        assert!(both[1].contains("kill myself") && !both[1].contains("soup"), "{both:?}");
    }

    #[test]
    fn of_a_long_text_the_gravest_passage_is_read() {
        let calm = "We walked home along the canal and talked about tomatoes and the neighbours. ";
        for before in [0, 4, 40] {
            let text = format!("{}I want to kill myself. {}", calm.repeat(before), calm.repeat(30));
            let passages = passages(&text);
            assert_eq!(passages.len(), 2);
            for passage in passages {
                assert!(passage.contains("kill myself"), "{passage}");
                assert!(passage.split(' ').count() <= super::LONGEST + 10, "{passage}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not() {
        for text in ["", "?!", "我不想活了", "मैं मरना चाहता हूँ", "أريد أن أموت"]
        {
            assert!(passages(text).is_empty(), "{text}");
        }
    }
}
