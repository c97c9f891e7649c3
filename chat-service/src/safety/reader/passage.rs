//! Which words of a text are read, and how they are written for it.

use std::ops::Range;

use crate::safety::score::{self, Score};
use crate::safety::screening::spell;
use crate::safety::spelling::Word;
use crate::safety::tokens::{Break, Tokens};

/// How many passages are read, at most.
const MOST: usize = 6;
/// How many words they have together, at most.
const WORDS: usize = 200;
/// In how many of them the same word is, at most: two grave things may stand far from each other.
const OVER: usize = 4;

/// A passage of a text.
#[derive(Debug)]
pub(super) struct Passage {
    /// As it is read.
    pub(super) text: String,
    /// How many words it has.
    pub(super) words: usize,
    /// How it sounds.
    pub(super) score: Score,
}

/// The gravest passages of a text: sentences, and sentences beside each other. Those around the words
/// where rules found something come first, then those that sound gravest. A passage is the same
/// whatever stands around it, so that nothing else that is said makes it calmer. Words are spelt as far
/// as we know, with marks where a clause or a sentence ends, and where a quotation does. What has no
/// words, or most of them in a script that cannot be read, is no passage.
pub(super) fn all(words: &[Word], tokens: &Tokens, found: &[Range<usize>]) -> Vec<Passage> {
    let is_around = |(window, _): &(Range<usize>, Score)| {
        found.iter().any(|place| place.start < window.end && window.start < place.end)
    };
    let (around, others): (Vec<_>, Vec<_>) = score::windows(words).into_iter().partition(is_around);
    let mut times_read = vec![0; words.len()];
    let (mut passages, mut count) = (Vec::new(), 0);
    for (window, score) in around.into_iter().chain(others) {
        let Some(words) = words.get(window.clone()) else { continue };
        let times = times_read.get_mut(window).unwrap_or_default();
        if count + words.len() <= WORDS
            && times.iter().all(|times| *times < OVER)
            && is_legible(words)
        {
            for times in times {
                *times += 1;
            }
            count += words.len();
            passages.push(Passage { text: write(words, tokens), words: words.len(), score });
        }
        if passages.len() == MOST {
            break;
        }
    }
    passages
}

/// The passages of a text that sound gravest, as they are read and learned from, the gravest first: none
/// if it is in a script that cannot be read, or has no words.
#[must_use]
pub fn passages(text: &str) -> Vec<String> {
    spell(text, |words, tokens| {
        let passages = all(words, tokens, &[]).into_iter();
        passages.map(|passage| passage.text).collect()
    })
}

/// Whether every sentence of a text is in a script that can be read.
#[must_use]
pub fn can_read(text: &str) -> bool {
    spell(text, |words, _| is_all_legible(words))
}

/// Whether all sentences that words make are in a script that can be read.
pub(in crate::safety) fn is_all_legible(words: &[Word]) -> bool {
    score::parts(words).all(is_legible)
}

/// Whether most words of a passage are in a script that can be read.
fn is_legible(words: &[Word]) -> bool {
    let legible = words.iter().filter(|word| word.text.is_ascii()).count();
    2 * legible > words.len()
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
        // What is short for several words is read as such: who writes it means it less. Letters set apart
        // are read as the words they make.
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
        let is_one = is_short && comes_from(at + 1);
        put(if is_one { word.short.unwrap_or(token) } else { &word.text });
    }
    written
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

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
    fn common_words_are_read_as_they_stand() {
        for text in
            ["a similar concern", "the systems that ireland required", "complaints about a potato"]
        {
            assert_eq!(passages(text), [text]);
        }
    }

    #[test]
    fn slips_in_common_words_are_put_right_and_other_words_are_left_alone() {
        for (text, read) in [
            ("my neighbuor hates the kitchenn", "my neighbour hates the kitchen"),
            ("the f1oor was dirty and w3t", "the floor was dirty and wet"),
            ("sooooo many biscuitsss at the party", "so many biscuits at the party"),
            ("i woul rathre hvae a fancu hat", "i would rather have a fancy hat"),
            ("i hvaent seen it, tehre's no poitn", "i havent seen it , theres no point"),
            ("they wrote emials to my theerapists", "they wrote emails to my therapists"),
            ("i do nott want to diee", "i do not want to die"),
            ("please kill meee, i am saad", "please kill me , i am sad"),
            ("im gonnajump and i dontwanna be here", "im gonnajump and i dontwanna be here"),
            ("i want to killit and livemy life", "i want to killit and livemy life"),
            ("my sister nina ate an omelette", "my sister nina ate an omelette"),
            (
                "my theerapists on holidayy for 3 weekks whichh is briliant timign",
                "my therapists on holiday for 3 weeks which is brilliant timing",
            ),
            (
                "at tesco she has crohns and fibromyalgia",
                "at tesco she has crohns and fibromyalgia",
            ),
            ("they gave me 100mg at 10pm on the 17th", "they gave me 100mg at 10pm on the 17th"),
            ("main bahut akele rehta yaar", "main bahut akele rehta yaar"),
            ("meine nachbarin hat gestern gekocht", "meine nachbarin hat gestern gekocht"),
        ] {
            assert_eq!(passages(text), [read]);
        }
    }

    #[test]
    fn sentences_are_read_by_themselves_and_with_those_beside_them() {
        let all = passages("The bus was late. I want to kill myself. We had soup for lunch today.");
        assert_eq!((all.len(), all[0].as_str()), (6, "i want to kill myself"));
        let whole = "the bus was late . i want to kill myself . we had soup for lunch today";
        assert!(all.iter().any(|passage| passage == whole), "{all:?}");
        assert!(all.iter().any(|passage| passage == "the bus was late"), "{all:?}");
    }

    #[test]
    fn what_stands_around_a_text_takes_none_of_its_passages_away() {
        for text in [
            "I want to kill myself",
            "I am so tired. Nobody would miss me, would they?",
            "The note is written. Tonight",
        ] {
            let alone = passages(text);
            for more in ["{}. We had soup.", "The bus was late. {}", "We had soup. {}. It rained."]
            {
                let with = passages(&more.replace("{}", text));
                assert!(alone.iter().all(|passage| with.contains(passage)), "{alone:?} {with:?}");
            }
        }
    }

    #[test]
    fn of_a_long_text_the_gravest_passages_are_read() {
        let calm = "We walked home along the canal and talked about tomatoes and the neighbours. ";
        for before in [0, 4, 40] {
            let text = format!(
                "{}I want to kill myself. {}I have written the note. {}",
                calm.repeat(before),
                calm.repeat(10),
                calm.repeat(30)
            );
            let passages = passages(&text);
            for grave in ["kill myself", "written the note"] {
                assert!(passages.iter().any(|passage| passage.contains(grave)), "{passages:?}");
            }
            let words = passages.join(" ").split(' ').filter(|word| *word != ".").count();
            assert!(words <= super::WORDS, "{words}");
        }
    }

    #[test]
    fn where_rules_found_something_is_read_first() {
        let grave = "I feel so empty. ".repeat(20);
        let text = format!("{grave}We had soup. We had bread. We had some tea. We had cake.");
        let read = |found: Option<Range<usize>>| {
            crate::safety::screening::spell(&text, |words, tokens| {
                super::all(words, tokens, found.as_slice())
            })
        };
        let is_there = |passage: &super::Passage| passage.text.ends_with("we had cake");
        assert!(!is_there(&read(None)[0]));
        let last = text.split_whitespace().count() - 1;
        assert!(is_there(&read(Some(last..last + 1))[0]));
    }

    #[test]
    fn what_cannot_be_read_is_not() {
        for text in ["", "?!", "我不想活了", "मैं मरना चाहता हूँ", "أريد أن أموت"]
        {
            assert!(passages(text).is_empty(), "{text}");
        }
    }
}
