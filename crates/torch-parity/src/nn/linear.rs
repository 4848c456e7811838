//! `torch.nn.Linear`.

use tch::Tensor;

use super::init::reset_parameters;
use super::module::{empty, named};
use super::{Layer, Module};

/// `torch.nn.Linear`: x · weightᵀ + bias, of x (..., in).
///
/// Not `tch::nn::linear`, whose initial weights are drawn from a range √6 times
/// as wide, and after the bias.
#[derive(Debug)]
pub struct Linear {
    /// (out, in)
    pub weight: Tensor,
    /// (out,)
    pub bias: Option<Tensor>,
}

impl Linear {
    /// Draws `weight`, then `bias`, from the default generator, as
    /// `torch.nn.Linear.reset_parameters` does.
    pub fn new(in_features: i64, out_features: i64) -> Self {
        Self::with(in_features, out_features, true)
    }

    /// `torch.nn.Linear(..., bias=False)`
    pub fn without_bias(in_features: i64, out_features: i64) -> Self {
        Self::with(in_features, out_features, false)
    }

    pub(super) fn with(in_features: i64, out_features: i64, bias: bool) -> Self {
        let mut weight = empty([out_features, in_features]);
        let mut bias = bias.then(|| empty([out_features]));
        reset_parameters(&mut weight, bias.as_mut());
        Self { weight, bias }
    }
}

impl Layer for Linear {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, self.bias.as_ref())
    }
}

impl Module for Linear {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", Some(&self.weight)), ("bias", self.bias.as_ref())])
    }
}

/// tch's own layer, which has public fields: of any initial weights.
impl Layer for tch::nn::Linear {
    fn forward(&self, x: &Tensor) -> Tensor {
        tch::nn::Module::forward(self, x)
    }
}

impl Module for tch::nn::Linear {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", Some(&self.ws)), ("bias", self.bs.as_ref())])
    }
}
