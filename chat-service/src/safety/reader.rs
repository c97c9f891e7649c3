//! A second look at a message of which rules and score are not sure.
//!
//! A small encoder reads the gravest passages of it. Unlike the score it knows which words belong
//! together, and so tells a wish from a joke, from a quotation, and from what is long over. It takes
//! milliseconds, and so is asked only where there is doubt. Its weights were learned from the same
//! sentences (`safety-eval/training`), beginning with those of a model of English: what is written in
//! other scripts it cannot read.

mod passage;

use std::sync::LazyLock;

use encoder::Encoder;

use super::score::Score;
use super::spelling::Word;
use super::tier::Tier;
use super::tokens::Tokens;

// Set on `safety-eval/gold/tune`, from which nothing was learned, and so that hardly any letter of
// people without danger (CounselChat) is taken for one.
/// From where on it is high where rules found less.
const HIGH: f32 = 3.5;
/// The same of a text of which only the gravest passages were read: there are many to choose from.
const HIGH_IN_A_LETTER: f32 = 5.5;
/// How much a score that says otherwise counts against that.
const DISSENT: f32 = 1.5;
/// From where on it is elevated.
const ELEVATED: f32 = 1.5;
/// Below this a danger that rules found is a hint.
const NO_DANGER: f32 = -3.0;
/// Below this a danger that only the score heard is a hint.
const UNCONFIRMED: f32 = 1.5;
/// Below this a hint that only the score heard is none.
const NO_HINT: f32 = -1.0;
/// From where on a score is enough for a danger that rules found: nobody waits for a second look.
const SOUNDS_SO: f32 = 1.5;
/// Below this score nothing is read where rules found nothing.
const SOUNDS_CALM: f32 = -1.5;

static ENCODER: LazyLock<Result<Encoder, encoder::Error>> = LazyLock::new(|| {
    Encoder::read(include_str!("reader/pieces.txt"), include_bytes!("reader/weights.safetensors"))
});

/// What was read out of a passage: about the logarithm of the odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// That it is elevated or graver.
    pub elevated: f32,
    /// That it is high or graver.
    pub high: f32,
    /// Whether more was written than was read.
    pub is_part: bool,
}

impl Reading {
    /// Reads the gravest passages of a text: what counts is the graver of them. None if it is in a
    /// script that cannot be read.
    pub(super) fn of(words: &[Word], tokens: &Tokens) -> Option<Self> {
        let passages = passage::all(words, tokens);
        let readings = passages.iter().filter_map(|passage| Self::read(passage));
        readings.reduce(|one, other| Self {
            elevated: one.elevated.max(other.elevated),
            high: one.high.max(other.high),
            is_part: words.len() > passage::LONGEST,
        })
    }

    /// Reads a passage, as [`passages`] writes it.
    #[must_use]
    pub fn read(passage: &str) -> Option<Self> {
        // Nobody serves with an encoder that cannot be read: see `check`.
        let answers = ENCODER.as_ref().ok()?.judge(passage);
        let [elevated, high] = *answers.as_slice() else { return None };
        Some(Self { elevated, high, is_part: false })
    }

    /// What it makes of a tier that was found, by rules or by sound alone, and the sign for it.
    pub(super) fn corrects(
        self,
        found: Tier,
        is_sound: bool,
        score: Score,
    ) -> Option<(Tier, &'static str)> {
        let bar = if self.is_part { HIGH_IN_A_LETTER } else { HIGH };
        if found.is_danger() {
            let least = if is_sound { UNCONFIRMED } else { NO_DANGER };
            (self.high < least).then_some((Tier::Elevated, "reader.calm"))
        } else if self.high + DISSENT * score.high.min(0.0) >= bar {
            Some((Tier::High, "reader.high"))
        } else if found < Tier::Third && self.elevated >= ELEVATED {
            Some((Tier::Elevated, "reader.elevated"))
        } else if is_sound && self.elevated < NO_HINT {
            Some((Tier::Low, "reader.calm"))
        } else {
            None
        }
    }
}

/// The gravest passages of a text, as they are read and learned from: none if it is in a script that
/// cannot be read, or has no words.
#[must_use]
pub fn passages(text: &str) -> Vec<String> {
    super::screening::spell(text, passage::all)
}

/// Whether there is doubt about a text in which rules found no danger.
pub(super) fn is_doubtful(score: Score, found: Tier) -> bool {
    found > Tier::None || score.elevated >= SOUNDS_CALM
}

/// Whether a text in which rules found danger sounds like it, too.
pub(super) fn is_sure(score: Score) -> bool {
    score.high >= SOUNDS_SO
}

/// Tells whether the encoder can be read.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check() -> Result<(), String> {
    ENCODER.as_ref().map(|_| ()).map_err(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::{reconsider, screen, screen_closely};

    #[test]
    fn a_reading_corrects_what_was_found() {
        let of = |elevated, high| Reading { elevated, high, is_part: false };
        let cases = [
            (of(9.0, 9.0), [Some(Tier::High); 4], [None; 2]),
            (of(9.0, 0.0), [Some(Tier::Elevated), Some(Tier::Elevated), None, None], [None; 2]),
            (of(0.0, 0.0), [None; 4], [None; 2]),
            (of(-9.0, -9.0), [None; 4], [Some(Tier::Elevated); 2]),
        ];
        let neutral = Score::default();
        for (reading, below, danger) in cases {
            let found = below.into_iter().chain(danger);
            for (found, expected) in Tier::ALL.into_iter().zip(found) {
                let corrected = reading.corrects(found, false, neutral).map(|(tier, _)| tier);
                assert_eq!(corrected, expected, "{reading:?} {found:?}");
            }
        }
    }

    #[test]
    fn reading_and_score_must_agree() {
        let (reading, score) =
            (Reading { elevated: 2.0, high: 1.0, is_part: false }, Score::default());
        assert_eq!(reading.corrects(Tier::High, false, score), None);
        let unconfirmed = reading.corrects(Tier::High, true, score);
        assert_eq!(unconfirmed, Some((Tier::Elevated, "reader.calm")), "only the score heard it");
        let calm = Reading { elevated: -2.0, high: -4.0, is_part: false };
        assert_eq!(calm.corrects(Tier::Elevated, false, score), None, "a hint by rules stays");
        let no_hint = calm.corrects(Tier::Elevated, true, score);
        assert_eq!(no_hint, Some((Tier::Low, "reader.calm")));
        let sure = Reading { elevated: 5.0, high: 4.0, is_part: false };
        let calm = Score { high: -2.0, ..score };
        assert_eq!(sure.corrects(Tier::None, false, score), Some((Tier::High, "reader.high")));
        let alone = sure.corrects(Tier::None, false, calm);
        assert_eq!(alone, Some((Tier::Elevated, "reader.elevated")), "the score heard nothing");
        let part = Reading { is_part: true, ..sure }.corrects(Tier::None, false, score);
        assert_eq!(part, Some((Tier::Elevated, "reader.elevated")), "one passage of a letter");
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
}
