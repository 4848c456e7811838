//! `torch.nn.Embedding`.

use tch::Tensor;

use super::init::{normal_, zeros_};
use super::module::{empty, named};
use super::{Layer, Module};

/// `torch.nn.Embedding`: a row of `weight` for each index, (...) int64 ->
/// (..., dim).
///
/// `tch::nn::embedding` begins with the same draws, but does not clear the row
/// of `padding_idx`.
#[derive(Debug)]
pub struct Embedding {
    /// (`num_embeddings`, dim)
    pub weight: Tensor,
    padding_idx: Option<i64>,
}

impl Embedding {
    /// Draws `weight` from the standard normal distribution.
    pub fn new(num_embeddings: i64, embedding_dim: i64) -> Self {
        Self::with(num_embeddings, embedding_dim, None)
    }

    /// Likewise, with a row that begins as 0 and is not trained; counted from the
    /// end where negative.
    pub fn with_padding(num_embeddings: i64, embedding_dim: i64, padding_idx: i64) -> Self {
        assert!(
            (-num_embeddings..num_embeddings).contains(&padding_idx),
            "there is no row {padding_idx} in {num_embeddings}"
        );
        Self::with(num_embeddings, embedding_dim, Some(padding_idx.rem_euclid(num_embeddings)))
    }

    fn with(num_embeddings: i64, embedding_dim: i64, padding_idx: Option<i64>) -> Self {
        let mut weight = empty([num_embeddings, embedding_dim]);
        normal_(&mut weight, 0.0, 1.0);
        if let Some(row) = padding_idx {
            zeros_(&mut weight.detach().get(row));
        }
        Self { weight, padding_idx }
    }
}

impl Layer for Embedding {
    fn forward(&self, x: &Tensor) -> Tensor {
        Tensor::embedding(&self.weight, x, self.padding_idx.unwrap_or(-1), false, false)
    }
}

impl Module for Embedding {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", Some(&self.weight))])
    }
}
