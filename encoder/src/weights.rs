//! Weights by name, from a safetensors file.

use ndarray::{Array1, Array2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::Error;
use crate::matrix::Matrix;

/// The tensors of a file.
pub(crate) struct Weights<'b>(SafeTensors<'b>);

impl<'b> Weights<'b> {
    pub(crate) fn read(bytes: &'b [u8]) -> Result<Self, Error> {
        Ok(Self(SafeTensors::deserialize(bytes)?))
    }

    pub(crate) fn has_layer(&self, number: usize) -> bool {
        self.0.tensor(&format!("layers.{number}.look")).is_ok()
    }

    /// A matrix in eight bits, whose scales have its name and `.scales`.
    pub(crate) fn matrix(&self, name: &str) -> Result<Matrix, Error> {
        let tensor = self.tensor(name, Dtype::I8)?;
        let steps = tensor.data().iter().map(|byte| byte.cast_signed()).collect();
        let steps = shaped(name, &tensor, steps)?;
        let scales = self.row(&format!("{name}.scales"))?;
        if scales.len() == steps.nrows() {
            Ok(Matrix::new(steps, scales))
        } else {
            Err(Error::Tensor(format!("{name}.scales")))
        }
    }

    /// A matrix of floats.
    pub(crate) fn floats(&self, name: &str) -> Result<Array2<f32>, Error> {
        let tensor = self.tensor(name, Dtype::F32)?;
        shaped(name, &tensor, numbers(&tensor))
    }

    /// A row of floats.
    pub(crate) fn row(&self, name: &str) -> Result<Array1<f32>, Error> {
        Ok(Array1::from_vec(numbers(&self.tensor(name, Dtype::F32)?)))
    }

    fn tensor(&self, name: &str, kind: Dtype) -> Result<TensorView<'b>, Error> {
        let tensor = self.0.tensor(name).ok().filter(|tensor| tensor.dtype() == kind);
        tensor.ok_or_else(|| Error::Tensor(name.to_owned()))
    }
}

fn numbers(tensor: &TensorView) -> Vec<f32> {
    let (chunks, _) = tensor.data().as_chunks();
    chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn shaped<T>(name: &str, tensor: &TensorView, numbers: Vec<T>) -> Result<Array2<T>, Error> {
    let wrong = || Error::Tensor(name.to_owned());
    let [rows, columns] = *tensor.shape() else { return Err(wrong()) };
    Array2::from_shape_vec((rows, columns), numbers).map_err(|_| wrong())
}
