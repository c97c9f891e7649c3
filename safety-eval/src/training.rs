//! How the score is learned: logistic regression over the features of labelled rows.
//!
//! A text is as grave as its gravest part, so each step looks for the parts that sound gravest and
//! learns from those: from a grave text that they are grave, from a calm one that even they are not.

use std::ops::Range;

use chat_service::safety::Tier;
use chat_service::safety::reader::can_read;
use chat_service::safety::score::{BUCKETS, TOGETHER, Weights, features, length};

use crate::dice::Dice;
use crate::hearing::Hearing;
use crate::rows::{File, Label, Row};

/// How often each row is looked at.
const ROUNDS: u32 = 16;
/// The rounds of which the weights are the mean: one round's depend on which rows came last.
const LAST: u32 = 8;
/// How far a step goes at first.
const STRIDE: f32 = 0.2;
/// How much each step forgets of the weights that it passes.
const FORGETS: f32 = 3e-3;
/// What a weight has walked before its first step, squared.
const WALKED: f32 = 1e-3;
/// The same stride for what is added to all: it is in every row.
const BASE_STRIDE: f32 = 0.01;
/// The tiers from which on a text counts, one for either weight.
const BARS: [Tier; 2] = [Tier::Elevated, Tier::High];
/// Into how many parts rows are dealt to be tried out.
const FOLDS: usize = 5;

/// Rows to learn from.
#[derive(Debug)]
pub struct Lessons<'a> {
    /// By file. None where a row teaches nothing.
    files: Vec<Vec<(&'a Row, Option<Example>)>>,
}

impl<'a> Lessons<'a> {
    /// The rows of these files. A conversation, a row without a tier, and one about another danger
    /// than to oneself teach nothing.
    #[must_use]
    pub fn of(files: &'a [File]) -> Self {
        let rows = |file: &'a File| file.rows.iter().map(|row| (row, Example::of(row))).collect();
        Self { files: files.iter().map(rows).collect() }
    }

    /// Learns from all of them. The same rows in the same order give the same weights.
    #[must_use]
    pub fn learn(&self) -> Weights {
        train(&self.examples(|_| true))
    }

    /// How each fifth of them is taken, by file, after learning from the other four.
    #[must_use]
    pub fn try_out(&self) -> Vec<Vec<(&'a Row, Hearing)>> {
        let learned: Vec<_> =
            (0..FOLDS).map(|fold| train(&self.examples(|at| at % FOLDS != fold))).collect();
        let mut numbers = 0..;
        let mut take = |(row, example): &(&'a Row, Option<Example>)| {
            let weights = learned.get(numbers.next()? % FOLDS)?;
            example.as_ref()?;
            let text = row.turns.first()?;
            let raised = weights.score(text).raises(Tier::None, can_read(text));
            let (tier, rules) =
                raised.map_or((Tier::None, Vec::new()), |(tier, sign)| (tier, vec![sign]));
            Some((*row, Hearing { tier, turns: vec![tier], rules }))
        };
        self.files.iter().map(|rows| rows.iter().filter_map(&mut take).collect()).collect()
    }

    fn examples(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<&Example> {
        let rows = self.files.iter().flatten().enumerate();
        rows.filter(|(at, _)| is_wanted(*at)).filter_map(|(_, (_, row))| row.as_ref()).collect()
    }
}

/// A text to learn from.
#[derive(Debug)]
struct Example {
    /// The features of its parts.
    parts: Vec<Vec<u32>>,
    /// Whether it reaches either bar.
    truth: [bool; BARS.len()],
}

impl Example {
    fn of(row: &Row) -> Option<Self> {
        let [text] = row.turns.as_slice() else { return None };
        let tier = Tier::of_name(&row.key("tier")?)?;
        let is_other = row.label == Some(Label::Other);
        (!is_other).then(|| Self { parts: features(text), truth: BARS.map(|bar| tier >= bar) })
    }
}

fn train(examples: &[&Example]) -> Weights {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut dice = Dice::seeded("training", "order");
    let mut learners = [0, 1].map(|_| Learner::new());
    for round in 0..ROUNDS {
        dice.shuffle(&mut order);
        for example in order.iter().filter_map(|at| examples.get(*at)) {
            for (learner, truth) in learners.iter_mut().zip(example.truth) {
                learner.learn(&example.parts, truth);
            }
        }
        if round + LAST >= ROUNDS {
            learners.iter_mut().for_each(Learner::remember);
        }
    }
    let [elevated, high] = learners.map(Learner::mean);
    let weights = elevated.1.into_iter().zip(high.1).map(|(one, two)| [one, two]);
    Weights::round([elevated.0, high.0], &weights.collect::<Vec<_>>())
}

/// What is learned so far about one bar.
struct Learner {
    base: f32,
    /// The sum of what the base was after each of the last rounds.
    remembered: f32,
    weights: Vec<Weight>,
}

#[derive(Clone)]
struct Weight {
    at: f32,
    /// The sum of what it was after each of the last rounds.
    remembered: f32,
    /// The sum of the squares of its steps: who walked far takes small steps, after `AdaGrad`.
    walked: f32,
}

/// Parts that are heard together.
struct Window {
    parts: Range<usize>,
    score: f32,
    /// By which the sum of its weights is divided.
    length: f32,
}

impl Learner {
    fn new() -> Self {
        let weight = Weight { at: 0.0, remembered: 0.0, walked: WALKED };
        Self { base: 0.0, remembered: 0.0, weights: vec![weight; BUCKETS as usize] }
    }

    fn learn(&mut self, parts: &[Vec<u32>], truth: bool) {
        let Some(window) = self.gravest(parts) else { return };
        let expected = 1.0 / (1.0 + (-window.score).exp());
        let error = expected - if truth { 1.0 } else { 0.0 };
        self.base -= BASE_STRIDE * error;
        let step = error / window.length;
        for feature in parts.get(window.parts).into_iter().flatten().flatten() {
            let Some(weight) = self.weights.get_mut(*feature as usize) else { continue };
            let gradient = step + FORGETS * weight.at;
            weight.walked += gradient * gradient;
            weight.at -= STRIDE * gradient / weight.walked.sqrt();
        }
    }

    fn remember(&mut self) {
        self.remembered += self.base;
        self.weights.iter_mut().for_each(|weight| weight.remembered += weight.at);
    }

    /// The base and the weights, as they were in the last rounds in the mean.
    fn mean(self) -> (f32, Vec<f32>) {
        // Few rounds, so nothing is lost.
        #[expect(clippy::cast_precision_loss)]
        let rounds = LAST as f32;
        let weights = self.weights.iter().map(|weight| weight.remembered / rounds);
        (self.remembered / rounds, weights.collect())
    }

    /// The parts that sound gravest together.
    fn gravest(&self, parts: &[Vec<u32>]) -> Option<Window> {
        let weigh = |feature: &u32| self.weights.get(*feature as usize).map_or(0.0, |it| it.at);
        let sums: Vec<(f32, usize)> =
            parts.iter().map(|part| (part.iter().map(weigh).sum(), part.len())).collect();
        let windows = (0..sums.len()).flat_map(|start| {
            let mut so_far = (0.0, 0);
            let ends = sums.iter().skip(start).take(TOGETHER).enumerate();
            ends.map(move |(more, (sum, count))| {
                so_far = (so_far.0 + sum, so_far.1 + count);
                (start..start + more + 1, so_far)
            })
            .collect::<Vec<_>>()
        });
        let judged = windows.map(|(parts, (sum, count))| {
            // Texts are short: no count comes near the last that a float can tell apart.
            #[expect(clippy::cast_precision_loss)]
            let length = length(count as f32);
            Window { parts, score: self.base + sum / length, length }
        });
        judged.max_by(|one, other| one.score.total_cmp(&other.score))
    }
}
