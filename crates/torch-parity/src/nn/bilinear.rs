//! `torch.nn.Bilinear`.

use tch::Tensor;

use super::Module;
use super::init::uniform_;
use super::module::{empty, named};

/// `torch.nn.Bilinear`: x1ᵀ · weight · x2 + bias, of x1 (..., in1) and x2 (..., in2).
#[derive(Debug)]
pub struct Bilinear {
    /// (out, in1, in2)
    pub weight: Tensor,
    /// (out,)
    pub bias: Option<Tensor>,
}

impl Bilinear {
    /// Draws `weight`, then `bias`, between ±1/√in1, as
    /// `torch.nn.Bilinear.reset_parameters` does.
    pub fn new(in1_features: i64, in2_features: i64, out_features: i64) -> Self {
        Self::with(in1_features, in2_features, out_features, true)
    }

    /// `torch.nn.Bilinear(..., bias=False)`
    pub fn without_bias(in1_features: i64, in2_features: i64, out_features: i64) -> Self {
        Self::with(in1_features, in2_features, out_features, false)
    }

    fn with(in1_features: i64, in2_features: i64, out_features: i64, bias: bool) -> Self {
        let bound = 1.0 / (in1_features as f64).sqrt();
        let mut weight = empty([out_features, in1_features, in2_features]);
        uniform_(&mut weight, -bound, bound);
        let mut bias = bias.then(|| empty([out_features]));
        if let Some(bias) = &mut bias {
            uniform_(bias, -bound, bound);
        }
        Self { weight, bias }
    }

    /// The outputs (..., out).
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Tensor {
        Tensor::bilinear(x1, x2, &self.weight, self.bias.as_ref())
    }
}

impl Module for Bilinear {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", Some(&self.weight)), ("bias", self.bias.as_ref())])
    }
}
