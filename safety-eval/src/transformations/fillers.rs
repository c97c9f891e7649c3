//! What people add to a sentence without meaning anything by it.

use crate::dice::Dice;

/// Sad or neutral ones: a laughing one would say that it is a joke.
const EMOJI: [&str; 6] = ["😢", "😞", "💔", "🥺", "🌧\u{fe0f}", "😔"];

/// What ends a sentence.
const ENDS: [char; 9] = ['.', '!', '?', '…', '。', '！', '？', '؟', '।'];

/// Harmless sentences by language.
const HARMLESS: [(&str, [&str; 3]); 8] = [
    ("en", ["I had pasta for lunch.", "My sister has a new bike.", "It rained all morning here."]),
    ("es", ["He comido pasta.", "Mi hermana tiene una bici nueva.", "Ha llovido toda la mañana."]),
    ("fr", ["J'ai mangé des pâtes.", "Ma sœur a un nouveau vélo.", "Il a plu toute la matinée."]),
    (
        "de",
        [
            "Zu Mittag gab es Nudeln.",
            "Meine Schwester hat ein neues Rad.",
            "Es hat den ganzen Morgen geregnet.",
        ],
    ),
    (
        "pt",
        ["Almocei macarrão hoje.", "Minha irmã tem uma bicicleta nova.", "Choveu a manhã toda."],
    ),
    ("ar", ["أكلت المعكرونة على الغداء.", "أختي عندها دراجة جديدة.", "نزل المطر طوال الصباح."]),
    ("hi", ["दोपहर में मैंने पास्ता खाया।", "मेरी बहन के पास नई साइकिल है।", "सुबह से बारिश हो रही थी।"]),
    ("zh", ["我中午吃了面条。", "我姐姐有一辆新自行车。", "今天上午一直在下雨。"]),
];

/// A harmless sentence; in English for languages that have none.
fn harmless(language: &str, dice: &mut Dice) -> &'static str {
    let spoken = HARMLESS.iter().find(|(code, _)| *code == language).or(HARMLESS.first());
    spoken.and_then(|(_, sentences)| dice.pick(sentences)).unwrap_or_default()
}

/// Something harmless, and then the text.
pub(super) fn say_before(text: &str, language: &str, dice: &mut Dice) -> String {
    format!("{} {text}", harmless(language, dice))
}

/// The text, brought to an end where it has none, and then something harmless.
pub(super) fn say_after(text: &str, language: &str, dice: &mut Dice) -> String {
    let end = if text.trim_end().ends_with(ENDS) { "" } else { "." };
    format!("{text}{end} {}", harmless(language, dice))
}

/// An emoji between any two words.
pub(super) fn strew_emoji(text: &str, dice: &mut Dice) -> String {
    let mut words = text.split_whitespace();
    let mut strewn = vec![words.next().unwrap_or_default()];
    for word in words {
        strewn.extend([dice.pick(&EMOJI).unwrap_or_default(), word]);
    }
    strewn.join(" ")
}

/// An emoji at each end.
pub(super) fn surround_with_emoji(text: &str, dice: &mut Dice) -> String {
    let [before, after] = [dice.pick(&EMOJI), dice.pick(&EMOJI)].map(Option::unwrap_or_default);
    format!("{before} {text} {after}")
}

/// Many exclamation marks wherever a sentence ends, also at the end of the text. A question stays one,
/// and three dots stay three dots.
pub(super) fn exclaim(text: &str) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let last = words.len().saturating_sub(1);
    for (at, word) in words.iter_mut().enumerate() {
        let bare = word.trim_end_matches(['.', '!', '。', '！']);
        let marks = word.chars().skip(bare.chars().count()).collect::<Vec<_>>();
        let ends = matches!(marks.as_slice(), [_]) || marks.ends_with(&['!']) || at == last;
        if ends {
            *word = format!("{bare}!!!!!");
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_sentences_stand_apart_from_the_text_and_in_its_language() {
        let dice = &mut Dice::seeded("filler", "x");
        let german = HARMLESS[3].1;
        let said = say_before("mir ist kalt", "de", dice);
        assert!(german.iter().any(|filler| said == format!("{filler} mir ist kalt")), "{said}");
        let said = say_after("mir ist kalt", "de", dice);
        assert!(german.iter().any(|filler| said == format!("mir ist kalt. {filler}")), "{said}");
        let said = say_after("Is it cold?", "tlh", dice);
        assert!(
            HARMLESS[0].1.iter().any(|filler| said == format!("Is it cold? {filler}")),
            "{said}"
        );
    }

    #[test]
    fn emoji_go_between_words_or_around_them() {
        let bare =
            |text: &str| EMOJI.iter().fold(text.to_owned(), |text, emoji| text.replace(emoji, "*"));
        let dice = &mut Dice::seeded("emoji", "x");
        assert_eq!(bare(&strew_emoji("it is cold.", dice)), "it * is * cold.");
        assert_eq!(bare(&surround_with_emoji("it is cold.", dice)), "* it is cold. *");
    }

    #[test]
    fn sentences_end_loudly_and_questions_stay_questions() {
        assert_eq!(exclaim("No. Not 3.5 now"), "No!!!!! Not 3.5 now!!!!!");
        assert_eq!(exclaim("Why? I just... can't."), "Why? I just... can't!!!!!");
        assert_eq!(exclaim("Is it?"), "Is it?!!!!!");
        assert_eq!(exclaim("好冷。"), "好冷!!!!!");
    }
}
