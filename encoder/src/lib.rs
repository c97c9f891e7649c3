//! A small transformer encoder that reads a passage and tells how much it is of something.
//!
//! It is what the literature calls BERT: word pieces, a few layers of attention, and the mean of what
//! comes out, weighed once for each question. It knows nothing of what it is asked: that lies in the
//! weights, which are read from bytes. The same passage and the same weights give the same answer, but
//! for the last digits of sums, in which processors differ.

mod layer;
mod matrix;
mod pieces;
mod weights;

use ndarray::{Array1, Array2, ArrayView2, Axis};

use layer::{Layer, Norm};
use matrix::Matrix;
use pieces::Pieces;
use weights::Weights;

/// What is wrong with a vocabulary or with weights.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The weights are no safetensors file.
    #[error("the weights cannot be read: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// A tensor is missing, or has another type or shape than it must have.
    #[error("the weights hold no {0} of the right kind")]
    Tensor(String),
    /// A piece that every vocabulary has is missing.
    #[error("the vocabulary holds no {0}")]
    Piece(&'static str),
}

/// An encoder with its weights.
#[derive(Debug)]
pub struct Encoder {
    pieces: Pieces,
    /// What each piece means by itself.
    by_piece: Matrix,
    /// What each place adds to that.
    by_place: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// One row of weights for each question.
    questions: Array2<f32>,
    base: Array1<f32>,
}

impl Encoder {
    /// Reads an encoder.
    ///
    /// The vocabulary is a text of word pieces, one in each line; a piece that goes on in the middle of
    /// a word begins with `##`. The weights are a safetensors file (`pieces`, `places`, `norm`,
    /// `layers.N.…`, `questions`): matrices in eight bits, with a scale for each row.
    pub fn read(vocabulary: &str, weights: &[u8]) -> Result<Self, Error> {
        let weights = Weights::read(weights)?;
        let pieces = Pieces::read(vocabulary)?;
        let by_piece = weights.matrix("pieces")?;
        if by_piece.rows() != pieces.len() {
            return Err(Error::Tensor("piece for each line of the vocabulary".to_owned()));
        }
        let layers = (0..).take_while(|number| weights.has_layer(*number));
        Ok(Self {
            by_piece,
            by_place: weights.floats("places")?,
            norm: Norm::read(&weights, "norm")?,
            layers: layers.map(|number| Layer::read(&weights, number)).collect::<Result<_, _>>()?,
            questions: weights.floats("questions")?,
            base: weights.row("questions.base")?,
            pieces,
        })
    }

    /// How much each passage is of each thing that was asked: the logarithms of the odds. What is
    /// beyond the longest passage that it can read is not read. Several passages at once take less
    /// time than one after the other.
    #[must_use]
    pub fn judge(&self, passages: &[&str]) -> Vec<Vec<f32>> {
        let most = self.by_place.nrows();
        let pieces: Vec<_> = passages.iter().map(|passage| self.pieces.of(passage, most)).collect();
        let ranges: Vec<_> = pieces
            .iter()
            .scan(0, |end, pieces| {
                let start = *end;
                *end += pieces.len();
                Some(start..*end)
            })
            .collect();
        let mut read = self.look_up(&pieces);
        self.norm.apply(&mut read);
        for layer in &self.layers {
            layer.apply(&mut read, &ranges);
        }
        ranges
            .into_iter()
            .map(|range| self.answer(&read.slice_axis(Axis(0), range.into())))
            .collect()
    }

    /// What pieces mean by themselves, at their places: a row for each.
    fn look_up(&self, passages: &[Vec<usize>]) -> Array2<f32> {
        let count = passages.iter().map(Vec::len).sum();
        let mut read = Array2::zeros((count, self.by_place.ncols()));
        let pieces = passages.iter().flat_map(|pieces| pieces.iter().zip(self.by_place.rows()));
        for (mut row, (piece, place)) in read.rows_mut().into_iter().zip(pieces) {
            self.by_piece.write_row(*piece, &mut row);
            row += &place;
        }
        read
    }

    fn answer(&self, passage: &ArrayView2<f32>) -> Vec<f32> {
        let mean = passage.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(passage.ncols()));
        (self.questions.dot(&mean) + &self.base).to_vec()
    }
}
