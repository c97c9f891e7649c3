//! Matrices in eight bits, with a scale for each row.

use ndarray::{Array1, Array2, ArrayViewMut1};

/// A matrix as it is kept: a quarter of the size, for matrices of which few rows are needed.
#[derive(Debug)]
pub(crate) struct Matrix {
    steps: Array2<i8>,
    scales: Array1<f32>,
}

impl Matrix {
    pub(crate) fn new(steps: Array2<i8>, scales: Array1<f32>) -> Self {
        Self { steps, scales }
    }

    pub(crate) fn rows(&self) -> usize {
        self.steps.nrows()
    }

    /// Writes one row of it. One that it does not have is left as it was.
    pub(crate) fn write_row(&self, number: usize, to: &mut ArrayViewMut1<f32>) {
        if number < self.rows()
            && let Some(scale) = self.scales.get(number)
        {
            to.zip_mut_with(&self.steps.row(number), |to, step| *to = f32::from(*step) * scale);
        }
    }

    /// All of it, as numbers that can be computed with.
    pub(crate) fn to_floats(&self) -> Array2<f32> {
        let mut all = Array2::zeros(self.steps.dim());
        for (number, mut row) in all.rows_mut().into_iter().enumerate() {
            self.write_row(number, &mut row);
        }
        all
    }
}
