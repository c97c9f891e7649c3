//! A layer: each piece looks at all others, and then thinks for itself.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayViewMut1, Axis, Slice};

use crate::Error;
use crate::weights::Weights;

/// Keeps a row of equal numbers from being divided by nothing. As in BERT.
const EPSILON: f32 = 1e-12;

/// How many numbers of a piece look for the same thing (a head). As in `MiniLM`.
const WIDE: usize = 32;

/// A layer.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What a piece asks, what it answers to, and what it tells: one matrix after the other.
    look: Linear,
    gather: Linear,
    after_look: Norm,
    widen: Linear,
    narrow: Linear,
    after_thought: Norm,
}

impl Layer {
    pub(crate) fn read(weights: &Weights, number: usize) -> Result<Self, Error> {
        let name = |part: &str| format!("layers.{number}.{part}");
        let linear = |part| Linear::read(weights, &name(part));
        let look = linear("look")?;
        let width = look.weights.nrows();
        if width % WIDE != 0 || look.weights.ncols() != 3 * width {
            return Err(Error::Tensor(name("look")));
        }
        Ok(Self {
            look,
            gather: linear("gather")?,
            after_look: Norm::read(weights, &name("after_look"))?,
            widen: linear("widen")?,
            narrow: linear("narrow")?,
            after_thought: Norm::read(weights, &name("after_thought"))?,
        })
    }

    /// `read` holds passages one below the other; `passages` says which rows are whose.
    pub(crate) fn apply(&self, read: &mut Array2<f32>, passages: &[Range<usize>]) {
        *read += &self.gather.apply(&self.attend(read, passages));
        self.after_look.apply(read);
        let mut thought = self.widen.apply(read);
        thought.mapv_inplace(gelu);
        *read += &self.narrow.apply(&thought);
        self.after_thought.apply(read);
    }

    /// What each piece is told by those of its passage that answer to what it asks.
    fn attend(&self, read: &Array2<f32>, passages: &[Range<usize>]) -> Array2<f32> {
        let all = self.look.apply(read);
        let width = read.ncols();
        // A power of two, so nothing is lost.
        #[expect(clippy::cast_precision_loss)]
        let scale = (WIDE as f32).sqrt().recip();
        let mut told = Array2::zeros(read.dim());
        for rows in passages {
            let all = all.slice_axis(Axis(0), rows.clone().into());
            let mut told = told.slice_axis_mut(Axis(0), rows.clone().into());
            for start in (0..width).step_by(WIDE) {
                let columns = |from: usize| Slice::from(from..from + WIDE);
                let part = |number: usize| all.slice_axis(Axis(1), columns(number * width + start));
                let (asks, answers, tells) = (part(0), part(1), part(2));
                let mut shares = asks.dot(&answers.t()) * scale;
                shares.rows_mut().into_iter().for_each(share_out);
                told.slice_axis_mut(Axis(1), columns(start)).assign(&shares.dot(&tells));
            }
        }
        told
    }
}

/// Numbers as shares of a whole (softmax).
fn share_out(mut row: ArrayViewMut1<f32>) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.mapv_inplace(|number| (number - most).exp());
    let sum = row.sum();
    row /= sum;
}

/// The usual bend (GELU), with a fraction in the place of the hyperbolic tangent: the weights were
/// learned with the same one.
fn gelu(number: f32) -> f32 {
    let bent = 0.797_884_6 * (number + 0.044_715 * number * number * number);
    let bent = bent.clamp(-3.0, 3.0);
    let square = bent * bent;
    let tangent = bent * (27.0 + square) / (27.0 + 9.0 * square);
    0.5 * number * (1.0 + tangent)
}

/// Weights for each number that goes in, for each that comes out.
#[derive(Debug)]
struct Linear {
    /// A column for each number that comes out.
    weights: Array2<f32>,
    base: Array1<f32>,
}

impl Linear {
    fn read(weights: &Weights, name: &str) -> Result<Self, Error> {
        let base = weights.row(&format!("{name}.base"))?;
        let weights = weights.matrix(name)?.to_floats().reversed_axes();
        if base.len() == weights.ncols() {
            Ok(Self { weights, base })
        } else {
            Err(Error::Tensor(format!("{name}.base")))
        }
    }

    fn apply(&self, rows: &Array2<f32>) -> Array2<f32> {
        rows.dot(&self.weights) + &self.base
    }
}

/// Brings each row to the same mean and spread.
#[derive(Debug)]
pub(crate) struct Norm {
    scale: Array1<f32>,
    base: Array1<f32>,
}

impl Norm {
    pub(crate) fn read(weights: &Weights, name: &str) -> Result<Self, Error> {
        let row = |part: &str| weights.row(&format!("{name}.{part}"));
        Ok(Self { scale: row("scale")?, base: row("base")? })
    }

    pub(crate) fn apply(&self, rows: &mut Array2<f32>) {
        for mut row in rows.rows_mut() {
            let mean = row.mean().unwrap_or_default();
            row -= mean;
            let spread = (row.dot(&row) / self.width() + EPSILON).sqrt();
            row /= spread;
            row *= &self.scale;
            row += &self.base;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    fn width(&self) -> f32 {
        self.scale.len() as f32
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        let mut row = array![1000.0, 1001.0, -1000.0];
        share_out(row.view_mut());
        assert!((row.sum() - 1.0).abs() < 1e-6 && row[1] > row[0] && row[2] < 1e-6);
    }

    #[test]
    fn the_bend_is_close_to_the_usual_one() {
        // Values of x · Φ(x).
        for (x, expected) in
            [(-3.0, -0.004), (-1.0, -0.159), (0.0, 0.0), (1.0, 0.841), (3.0, 2.996)]
        {
            assert!((gelu(x) - expected).abs() < 0.03, "{x}: {}", gelu(x));
        }
    }

    #[test]
    fn rows_are_brought_to_the_same_mean_and_spread() {
        let norm = Norm { scale: array![1.0, 1.0], base: array![0.0, 0.0] };
        let mut rows = array![[1.0, 3.0], [10.0, 50.0]];
        norm.apply(&mut rows);
        assert!(
            rows.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(got, want)| (got - want).abs() < 1e-3)
        );
    }
}
