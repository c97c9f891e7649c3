//! What a message sounds like: a learned score beside the rules.
//!
//! Rules know the ways of saying a thing that somebody thought of. The score was learned from
//! sentences (`safety-eval/gold`) and knows how such sentences sound. It is a sum of small weights,
//! one for each word, for two and three words in a row, and for a few letters in a row: it comes out
//! the same everywhere and every time. It may add to what rules find, and takes nothing back but from
//! rules that ask to be backed by it (`backed`).

mod features;

use std::ops::Range;
use std::sync::LazyLock;

use super::screening::spell;
use super::spelling::Word;
use super::tier::Tier;

pub use features::BUCKETS;
pub(super) use features::parts;

/// Features that each text is taken to have besides its own, and that say nothing: few words say
/// little.
const SILENT: f32 = 24.0;
/// How many parts of a text are heard together, at most.
pub const TOGETHER: usize = 3;

// From where on a text is taken for what it sounds like. Set where sentences that were not learned
// from are hardly ever taken for more than they are (`safety-eval --train` prints how often, for those
// where rules found nothing).
/// For elevated, where rules found nothing.
const ELEVATED: f32 = 0.4;
/// For elevated, where rules found something and took it back.
const ELEVATED_THOUGH_TAKEN_BACK: f32 = 0.9;
/// For high.
const HIGH: f32 = 1.3;
/// For high where something is in a script that no reader looks at again, as Arabic, Hindi and Chinese
/// are: there more is missed than is mistaken.
const HIGH_UNREAD: f32 = 1.0;
/// For high, where rules found something and took it back, or found it of somebody else.
const HIGH_THOUGH_TAKEN_BACK: f32 = 2.0;

/// From where on it is distress.
const DISTRESSED: f32 = 0.0;
/// From where on it backs a rule that needs it.
const BACKS: f32 = -0.4;

/// As `safety-eval --train` writes them; see [`Weights::read`].
static WEIGHTS: LazyLock<Weights> =
    LazyLock::new(|| Weights::read(include_bytes!("score/weights.bin")));

/// How much a text sounds like danger: about the logarithm of the odds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// That it is elevated or graver.
    pub elevated: f32,
    /// That it is high or graver.
    pub high: f32,
}

impl Score {
    /// Whether a text sounds like distress, which makes what comes after it graver.
    pub(super) fn is_distressed(self) -> bool {
        self.elevated >= DISTRESSED
    }

    /// Whether a text sounds enough like danger for what may be harmless to be meant.
    pub(super) fn backs(self) -> bool {
        self.elevated >= BACKS
    }

    /// What it raises a tier to that rules found, and the sign for it. `is_legible`: whether a reader
    /// looks again where there is doubt.
    #[must_use]
    pub fn raises(self, found: Tier, is_legible: bool) -> Option<(Tier, &'static str)> {
        let (elevated, high) = match found {
            Tier::Low | Tier::Third => (ELEVATED_THOUGH_TAKEN_BACK, HIGH_THOUGH_TAKEN_BACK),
            Tier::None | Tier::Elevated if !is_legible => (ELEVATED, HIGH_UNREAD),
            Tier::None | Tier::Elevated => (ELEVATED, HIGH),
            Tier::High | Tier::Imminent => return None,
        };
        if self.high >= high {
            Some((Tier::High, "score.high"))
        } else if found < Tier::Third && self.elevated >= elevated {
            Some((Tier::Elevated, "score.elevated"))
        } else {
            None
        }
    }

    /// The score of a text: that of its gravest part, or of the gravest parts beside each other.
    pub(super) fn of(words: &[Word]) -> Self {
        WEIGHTS.judge(words)
    }
}

/// What each feature adds.
#[derive(Debug)]
pub struct Weights {
    /// What is added whatever a text says.
    base: [f32; 2],
    /// What a weight of one is.
    step: [f32; 2],
    by_feature: Vec<[i8; 2]>,
}

impl Weights {
    /// Rounds weights to as few bits as are kept of them.
    #[must_use]
    pub fn round(base: [f32; 2], by_feature: &[[f32; 2]]) -> Self {
        let most = |bar: usize| {
            let all = by_feature.iter().filter_map(|weights| weights.get(bar));
            all.fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()))
        };
        let step = [most(0), most(1)].map(|most| most / f32::from(i8::MAX));
        // Within a step of the largest, and so within eight bits.
        #[expect(clippy::cast_possible_truncation)]
        let rounded = by_feature.iter().map(|[elevated, high]| {
            [(elevated / step[0]).round() as i8, (high / step[1]).round() as i8]
        });
        Self { base, step, by_feature: rounded.collect() }
    }

    /// Reads what [`Self::write`] wrote. What is missing counts for nothing.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD));
        let mut numbers = head.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let mut two = || [numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()];
        let (base, step) = (two(), two());
        let by_feature = rest.as_chunks().0.iter().map(|two: &[u8; 2]| two.map(u8::cast_signed));
        Self { base, step, by_feature: by_feature.collect() }
    }

    /// Writes them: what is added to all, and the steps, as little-endian floats for either bar; then
    /// a byte for either bar and feature.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let head = self.base.iter().chain(&self.step).flat_map(|number| number.to_le_bytes());
        let rest = self.by_feature.iter().flatten().map(|weight| weight.cast_unsigned());
        head.chain(rest).collect()
    }

    /// The score of a text.
    #[must_use]
    pub fn score(&self, text: &str) -> Score {
        spell(text, |words, _| self.judge(words))
    }

    fn judge(&self, words: &[Word]) -> Score {
        let mut score = Score { elevated: f32::NEG_INFINITY, high: f32::NEG_INFINITY };
        self.for_each_window(words, |_, [elevated, high]| {
            score.elevated = score.elevated.max(elevated);
            score.high = score.high.max(high);
        });
        score
    }

    /// Weighs each part of a text, and the parts beside each other: tells which words they are.
    fn for_each_window(&self, words: &[Word], mut tell: impl FnMut(Range<usize>, [f32; 2])) {
        let mut sums: Vec<(usize, Sum)> = Vec::new();
        let mut end = 0;
        for part in features::parts(words) {
            let mut sum = Sum::default();
            features::for_each(part, |feature| sum.add(self.by_feature.get(feature as usize)));
            sums.push((end, sum));
            end += part.len();
            let mut together = Sum::default();
            for (start, sum) in sums.iter().rev().take(TOGETHER) {
                together.join(sum);
                tell(*start..end, self.weigh(&together));
            }
        }
    }

    fn weigh(&self, sum: &Sum) -> [f32; 2] {
        let length = length(sum.count);
        let weigh = |base: f32, step: f32, sum: f32| base + step * sum / length;
        [
            weigh(self.base[0], self.step[0], sum.weights[0]),
            weigh(self.base[1], self.step[1], sum.weights[1]),
        ]
    }
}

/// The parts of a text, and the parts beside each other: which words they are and how they sound, the
/// gravest first. How grave something sounds depends on nothing around it.
pub(super) fn windows(words: &[Word]) -> Vec<(Range<usize>, Score)> {
    let mut windows = Vec::new();
    WEIGHTS.for_each_window(words, |window, [elevated, high]| {
        windows.push((window, Score { elevated, high }));
    });
    let weigh = |score: &Score| score.elevated + score.high;
    windows.sort_by(|(_, one), (_, other)| weigh(other).total_cmp(&weigh(one)));
    windows
}

/// The features of a text, part by part: what weights are learned from.
#[must_use]
pub fn features(text: &str) -> Vec<Vec<u32>> {
    spell(text, |words, _| features::list(words))
}

/// What the weights of a text of so many features are divided by.
#[must_use]
pub fn length(features: f32) -> f32 {
    (features + SILENT).sqrt()
}

/// Bytes before the weights: four numbers.
pub const HEAD: usize = 16;

/// What the features of a part add up to.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    count: f32,
    weights: [f32; 2],
}

impl Sum {
    fn add(&mut self, weights: Option<&[i8; 2]>) {
        let [elevated, high] = weights.copied().unwrap_or_default();
        self.count += 1.0;
        self.weights[0] += f32::from(elevated);
        self.weights[1] += f32::from(high);
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.weights[0] += other.weights[0];
        self.weights[1] += other.weights[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_as_they_were_written() {
        let weights: Vec<_> = (0_u8..9).map(|at| [f32::from(at), -0.5]).collect();
        let written = Weights::round([0.25, -1.0], &weights).write();
        assert_eq!(written.len(), HEAD + 2 * weights.len());
        assert_eq!(Weights::read(&written).write(), written);
    }

    #[test]
    fn all_weights_are_there() {
        assert_eq!(WEIGHTS.by_feature.len(), BUCKETS as usize);
    }

    #[test]
    fn a_text_without_words_sounds_like_nothing() {
        for text in ["", "?!", "   "] {
            assert_eq!(WEIGHTS.score(text).raises(Tier::None, true), None, "{text:?}");
        }
    }

    #[test]
    fn more_sentences_never_make_a_text_sound_calmer() {
        let texts = ["I am so tired of being in this world", "we had soup", "nobody would miss me"];
        for text in texts {
            let alone = WEIGHTS.score(text);
            for more in ["Lovely weather today. {}", "{}. The bus was late, as ever. I had tea."] {
                let with = WEIGHTS.score(&more.replace("{}", text));
                assert!(with.elevated >= alone.elevated && with.high >= alone.high, "{text}");
            }
        }
    }

    #[test]
    fn what_was_found_is_only_raised() {
        let all = [Score { elevated: 9.0, high: 9.0 }, Score { elevated: 9.0, high: -9.0 }];
        for (score, found) in all.iter().flat_map(|score| Tier::ALL.map(|found| (score, found))) {
            for is_legible in [true, false] {
                let raised = score.raises(found, is_legible).map(|(tier, _)| tier);
                assert!(raised.is_none_or(|raised| raised > found), "{score:?} {found:?}");
            }
        }
        let grave = Score { elevated: 9.0, high: 9.0 };
        assert_eq!(grave.raises(Tier::None, true), Some((Tier::High, "score.high")));
        let calm = Score { elevated: -9.0, high: -9.0 };
        assert_eq!(calm.raises(Tier::Low, true), None);
        let grave = Score { elevated: 1.1, high: 1.1 };
        let raised = [true, false].map(|is_legible| grave.raises(Tier::None, is_legible));
        assert_eq!(
            raised,
            [Some((Tier::Elevated, "score.elevated")), Some((Tier::High, "score.high"))]
        );
    }
}
