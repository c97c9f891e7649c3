//! A second look at a message of which rules and score are not sure.
//!
//! A small encoder reads the gravest passages of it. Unlike the score it knows which words belong
//! together, and so tells a wish from a joke, from a quotation, and from what is long over. It takes
//! milliseconds, and so is asked only where there is doubt. Its weights were learned from the same
//! sentences (`safety-eval/training`), beginning with those of a model of English: what is written in
//! other scripts it cannot read.

mod passage;
mod reading;

use std::ops::Range;

use super::score::{self, Score};
use super::spelling::Word;
use super::tier::Tier;
use super::tokens::Tokens;
use passage::Passage;

pub(super) use passage::is_all_legible;
pub use passage::{can_read, passages};
pub use reading::Reading;
pub(super) use reading::check;

// How much each number counts was learned from sentences of ours that neither score nor encoder had
// learned from yet; the bars are set on `safety-eval/gold/tune`, from which nothing is learned, and so
// that hardly any letter of people without danger (CounselChat) and hardly any comment (GoEmotions) is
// taken for one.
/// From where on it is high where rules found less.
const HIGH: f32 = 2.6;
/// How much less is enough for a danger that the score heard to stay one.
const HEARD: f32 = 2.0;
/// Below this a danger that rules found is a hint, however it sounds; an imminent one only far below.
const NO_DANGER: f32 = 0.0;
const NONE_NOW: f32 = -3.0;
/// From where on it is elevated; below it a hint that only the score heard is none.
const ELEVATED: f32 = -1.0;
/// From where on somebody else is in danger.
const THIRD: f32 = 2.5;
/// Words of the longest text that is no letter, but for its calm sentences.
const LETTER: usize = 35;
/// Below this score a sentence does not make a text a letter.
const HARMLESS: f32 = -2.0;
/// How much speaks against a letter: there are many passages to choose from, and most of them are sad.
const SADNESS: f32 = 4.0;
/// How much each point of score that a passage lacks counts against that it is high.
const DISSENT: f32 = 1.5;
/// From this score on a passage sounds like it.
const SOUNDS_LIKE_IT: f32 = 0.5;
/// How much each point of score counts for that it is elevated, and up to which.
const ASSENT: f32 = 1.3;
const SOUNDS_ENOUGH: f32 = 1.5;
/// Words of a passage that says enough by itself.
const ENOUGH: usize = 10;
/// How much each word less counts against that it is high.
const SHORT: f32 = 0.22;
/// From where on a score is enough for a danger that rules found: nobody waits for a second look.
const SOUNDS_SO: f32 = 0.8;
/// Below this score nothing is read where rules found nothing.
const SOUNDS_CALM: f32 = -1.5;

/// What was read out of a text, and what it sounds like beside that: of each number the gravest of its
/// passages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Findings {
    /// That it is elevated or graver.
    elevated: f32,
    /// That it is high or graver, and sounds so, less what speaks against a letter.
    high: f32,
    /// That it is high or graver, however it sounds.
    said: f32,
    /// That somebody else is in danger.
    third: f32,
}

impl Findings {
    /// Reads the gravest passages of a text, those first in which rules found something. None if it is
    /// in a script that cannot be read.
    pub(super) fn of(words: &[Word], tokens: &Tokens, found: &[Range<usize>]) -> Option<Self> {
        let passages = passage::all(words, tokens, found);
        let texts: Vec<_> = passages.iter().map(|passage| passage.text.as_str()).collect();
        let readings = Reading::all(&texts).into_iter().zip(&passages);
        let findings = readings.map(|(reading, passage)| Self::weigh(reading, passage));
        let gravest = findings.reduce(|one, other| Self {
            elevated: one.elevated.max(other.elevated),
            high: one.high.max(other.high),
            said: one.said.max(other.said),
            third: one.third.max(other.third),
        });
        let sadness = if is_letter(words) { SADNESS } else { 0.0 };
        gravest.map(|findings| Self { high: findings.high - sadness, ..findings })
    }

    /// What a passage says, and how much it sounds like that. What is high is elevated as well, and so
    /// both answers speak for it.
    fn weigh(reading: Reading, passage: &Passage) -> Self {
        // No more than ten.
        #[expect(clippy::cast_precision_loss)]
        let missing = ENOUGH.saturating_sub(passage.words) as f32;
        let dissent = (SOUNDS_LIKE_IT - passage.score.high).max(0.0);
        let assent = passage.score.elevated.min(SOUNDS_ENOUGH);
        let said = f32::midpoint(reading.elevated, reading.high);
        Self {
            elevated: reading.elevated + ASSENT * assent,
            high: said - SHORT * missing - DISSENT * dissent,
            said,
            third: reading.third,
        }
    }

    /// Whether not even a hint was read out of it.
    pub(super) fn read_calm(&self) -> bool {
        self.elevated < ELEVATED
    }

    /// What it makes of a tier that was found, by rules or by sound alone, and the sign for it.
    pub(super) fn correct(self, found: Tier, is_sound: bool) -> Option<(Tier, &'static str)> {
        let is_calm = is_sound && self.read_calm();
        if found.is_danger() {
            let is_none = match found {
                _ if is_sound => self.high < HIGH - HEARD,
                Tier::Imminent => self.said < NONE_NOW,
                _ => self.said < NO_DANGER,
            };
            is_none.then_some((Tier::Elevated, "reader.calm"))
        } else if self.high >= HIGH {
            Some((Tier::High, "reader.high"))
        } else if found < Tier::Third && self.elevated >= ELEVATED {
            Some((Tier::Elevated, "reader.elevated"))
        } else if self.third >= THIRD && (found < Tier::Third || is_calm) {
            Some((Tier::Third, "reader.third"))
        } else {
            is_calm.then_some((Tier::Low, "reader.calm"))
        }
    }
}

/// Whether a text is a letter. What is calm in it does not make it one: something harmless that is
/// added speaks against nothing.
fn is_letter(words: &[Word]) -> bool {
    let sad = score::parts(words).filter(|part| Score::of(part).elevated >= HARMLESS);
    sad.map(<[_]>::len).sum::<usize>() > LETTER
}

/// Whether there is doubt about a text in which rules found no danger.
pub(super) fn is_doubtful(score: Score, found: Tier) -> bool {
    found > Tier::None || score.elevated >= SOUNDS_CALM
}

/// Whether a text in which rules found danger sounds like it, too.
pub(super) fn is_sure(score: Score) -> bool {
    score.high >= SOUNDS_SO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::{reconsider, screen, screen_closely};

    fn findings(elevated: f32, high: f32) -> Findings {
        Findings { elevated, high, said: high, third: -9.0 }
    }

    #[test]
    fn danger_to_somebody_else_is_none_to_whoever_tells_of_it() {
        let third = |own: f32| Findings { third: 9.0, ..findings(own, -9.0) };
        let of_others = Some((Tier::Third, "reader.third"));
        for found in [Tier::None, Tier::Low] {
            assert_eq!(third(-2.0).correct(found, false), of_others, "{found:?}");
        }
        assert_eq!(third(-9.0).correct(Tier::Elevated, true), of_others, "it only sounded so");
        assert_eq!(third(-9.0).correct(Tier::Elevated, false), None, "rules found a hint");
        let own = Some((Tier::Elevated, "reader.elevated"));
        assert_eq!(third(9.0).correct(Tier::None, false), own, "both are in danger");
        for text in [
            "my flatmate told me she wants to kill herself and now she won't open her door",
            "my son wrote me that he has said goodbye to everybody and he isn't picking up",
        ] {
            assert_eq!(screen_closely(text).tier, Tier::Third, "{text}");
        }
    }

    #[test]
    fn a_reading_corrects_what_was_found() {
        let cases = [
            (findings(9.0, 9.0), [Some(Tier::High); 4], [None; 2]),
            (
                findings(9.0, 0.0),
                [Some(Tier::Elevated), Some(Tier::Elevated), None, None],
                [None; 2],
            ),
            (findings(-2.0, 0.0), [None; 4], [None; 2]),
            (findings(-9.0, -9.0), [None; 4], [Some(Tier::Elevated); 2]),
        ];
        for (findings, below, danger) in cases {
            let found = below.into_iter().chain(danger);
            for (found, expected) in Tier::ALL.into_iter().zip(found) {
                let corrected = findings.correct(found, false).map(|(tier, _)| tier);
                assert_eq!(corrected, expected, "{findings:?} {found:?}");
            }
        }
    }

    #[test]
    fn reading_and_score_must_agree() {
        let unsure = findings(2.0, 0.2);
        assert_eq!(unsure.correct(Tier::High, false), None);
        let unconfirmed = unsure.correct(Tier::High, true);
        assert_eq!(unconfirmed, Some((Tier::Elevated, "reader.calm")), "only the score heard it");
        assert_eq!(findings(-1.0, -1.0).correct(Tier::Imminent, false), None, "far from calm");
        let calm = findings(-2.0, -3.0);
        let taken_back = Some((Tier::Elevated, "reader.calm"));
        assert_eq!(calm.correct(Tier::High, false), taken_back);
        assert_eq!(calm.correct(Tier::Elevated, false), None, "a hint by rules stays");
        assert_eq!(calm.correct(Tier::Elevated, true), Some((Tier::Low, "reader.calm")));
        let (high, elevated) = ((Tier::High, "reader.high"), (Tier::Elevated, "reader.elevated"));
        let passage = |words, high| Passage {
            text: String::new(),
            words,
            score: Score { elevated: 0.0, high },
        };
        let reading = Reading { elevated: 4.0, high: 3.0, third: -9.0 };
        for (words, score, expected, why) in [
            (12, 1.0, high, "both say so"),
            (12, -0.5, elevated, "the score heard nothing"),
            (4, 1.0, elevated, "few words"),
        ] {
            let found = Findings::weigh(reading, &passage(words, score));
            assert_eq!(found.correct(Tier::None, false), Some(expected), "{why}");
        }
        let letter = Findings { high: 4.0 - SADNESS, ..findings(4.0, 4.0) };
        assert_eq!(letter.correct(Tier::None, false), Some(elevated), "one passage of a letter");
        assert_eq!(letter.correct(Tier::High, false), None, "rules found it there");
    }

    #[test]
    fn odd_words_beside_what_is_said_outright_take_nothing_away() {
        for beside in
            ["canary-7f3a", "marmalade", "bananas", "mr robot", "x9", "Ludmilla", "7 of 10"]
        {
            for text in ["I want to die, {}", "{}, i want to kill myself", "I am suicidal. {}"] {
                let text = text.replace("{}", beside);
                assert!(screen_closely(&text).tier.is_danger(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_meant_is_told_from_what_is_not() {
        for (meant, not_meant) in [
            (
                "I keep looking at the river and working out when nobody would see me go in",
                "I keep looking at the river and working out where the herons nest",
            ),
            (
                "I'm going to let the car do it, the wall by the quarry, no seatbelt",
                "I'm going to let the car dry, the wall by the quarry needs paint",
            ),
            (
                "every night I hold the razor to my wrist and think about pressing",
                "every night I hold the camera to the sky and think about planets",
            ),
        ] {
            assert!(screen_closely(meant).tier.is_danger(), "{meant}");
            assert!(screen_closely(not_meant).tier < Tier::Elevated, "{not_meant}");
        }
    }

    #[test]
    fn calm_sentences_make_no_letter() {
        let calm = " We had soup for lunch today. My brother called about the tomatoes.".repeat(5);
        for text in [
            "I keep driving past the quarry to see how deep it is.",
            "I've been practising how to be gone.",
        ] {
            let with = format!("{text}{calm}");
            assert!(with.split(' ').count() > LETTER);
            assert!(screen_closely(text).tier.is_danger(), "{text}");
            assert!(screen_closely(&with).tier.is_danger(), "{with}");
        }
    }

    #[test]
    fn what_is_said_outright_stays_what_it_is() {
        for text in [
            "I want to die",
            "i want to kill myself",
            "I'm going to kill myself tonight",
            "I am suicidal",
            "i dont want to live anymore",
            "I want to end my life",
            "I wish I was dead",
            "I took all the pills",
            "I'm cutting myself again",
            "this exam is killing me and I want to die",
            "I've written the note and I have the rope",
            "I just jumped off the roof",
            "I have a plan to kill myself",
        ] {
            assert!(screen_closely(text).tier.is_danger(), "{text}");
        }
    }

    #[test]
    fn a_danger_that_is_taken_back_is_still_a_hint_and_others_are_left_alone() {
        let mut lowered = 0;
        for text in [
            "The villain says: I will kill myself, and the whole theatre laughs at him.",
            "kill me now, the printer has eaten my homework again",
            "my husband hits me and says he will kill me",
            "I am going to kill him with his own hammer tonight",
        ] {
            let (found, heard) = (screen(text), screen_closely(text));
            if found.tier.is_danger() {
                assert!(heard.tier >= Tier::Elevated, "{text}");
                assert!(heard.tier == found.tier || found.categories == heard.categories, "{text}");
                lowered += usize::from(heard.tier < found.tier);
            }
        }
        assert!(lowered <= 2);
    }

    #[test]
    fn a_script_that_cannot_be_read_is_left_to_the_rules() {
        let found = screen("我想自杀");
        assert!(found.tier.is_danger());
        assert_eq!(reconsider("我想自杀", found.clone()).tier, found.tier);
    }

    #[test]
    fn what_is_said_in_another_script_is_no_less_for_latin_letters_around_it() {
        for text in
            ["我不想活了", "我想从楼上跳下去", "मैं अब और जीना नहीं चाहता", "ما بدي عيش بعد اليوم"]
        {
            let alone = screen_closely(text).tier;
            assert!(alone >= Tier::Elevated, "{text}");
            for more in ["{}. We had soup for lunch today.", "ok thanks\n{}", "{}\nHello there."] {
                let with = screen_closely(&more.replace("{}", text)).tier;
                assert!(with >= alone, "{more} {text}: {alone:?} {with:?}");
            }
        }
    }
}
