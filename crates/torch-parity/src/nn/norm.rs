//! `torch.nn.LayerNorm` and `torch.nn.GroupNorm`.

use tch::Tensor;

use super::init::{ones_, zeros_};
use super::module::{empty, named};
use super::{Layer, Module};
use crate::defaults::defaults;

/// `torch.nn.LayerNorm` (Ba et al., 2016): brings the last dimensions to mean 0
/// and variance 1, then scales and shifts them.
#[derive(Debug)]
pub struct LayerNorm {
    /// Of the normalized shape.
    pub weight: Option<Tensor>,
    /// Of the normalized shape.
    pub bias: Option<Tensor>,
    normalized_shape: Vec<i64>,
    pub(super) eps: f64,
}

defaults! {
    /// The settings of [`LayerNorm`] and [`GroupNorm`].
    #[derive(Clone, Copy, Debug)]
    pub struct NormOptions {
        /// 1e-5 by default.
        pub eps: f64 = 1e-5,
        /// `elementwise_affine` of `LayerNorm`, `affine` of `GroupNorm`; true by
        /// default.
        pub affine: bool = true,
        /// Whether an affine one shifts too; true by default.
        pub bias: bool = true,
    }
}

/// The weight, 1, and the bias, 0, of this shape.
fn affine(shape: &[i64], options: NormOptions) -> (Option<Tensor>, Option<Tensor>) {
    let parameter = |fill: fn(&mut Tensor)| {
        let mut tensor = empty(shape);
        fill(&mut tensor);
        tensor
    };
    let bias = options.affine && options.bias;
    (options.affine.then(|| parameter(ones_)), bias.then(|| parameter(zeros_)))
}

impl LayerNorm {
    /// With PyTorch's default settings, over dimensions of these sizes.
    pub fn new(normalized_shape: &[i64]) -> Self {
        Self::with(normalized_shape, NormOptions::default())
    }

    /// With these settings.
    pub fn with(normalized_shape: &[i64], options: NormOptions) -> Self {
        let (weight, bias) = affine(normalized_shape, options);
        Self { weight, bias, normalized_shape: normalized_shape.to_vec(), eps: options.eps }
    }
}

impl Layer for LayerNorm {
    fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        x.layer_norm(&self.normalized_shape, weight, bias, self.eps, true)
    }
}

impl Module for LayerNorm {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", self.weight.as_ref()), ("bias", self.bias.as_ref())])
    }
}

/// `torch.nn.GroupNorm` (Wu and He, 2018) of (N, C, ...): brings each group of
/// channels to mean 0 and variance 1, then scales and shifts each channel.
#[derive(Debug)]
pub struct GroupNorm {
    /// (C,)
    pub weight: Option<Tensor>,
    /// (C,)
    pub bias: Option<Tensor>,
    num_groups: i64,
    eps: f64,
}

impl GroupNorm {
    /// With PyTorch's default settings.
    pub fn new(num_groups: i64, num_channels: i64) -> Self {
        Self::with(num_groups, num_channels, NormOptions::default())
    }

    /// With these settings.
    pub fn with(num_groups: i64, num_channels: i64, options: NormOptions) -> Self {
        assert!(
            num_channels % num_groups == 0,
            "{num_channels} channels do not make {num_groups} groups"
        );
        let (weight, bias) = affine(&[num_channels], options);
        Self { weight, bias, num_groups, eps: options.eps }
    }
}

impl Layer for GroupNorm {
    fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        x.group_norm(self.num_groups, weight, bias, self.eps, true)
    }
}

impl Module for GroupNorm {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", self.weight.as_ref()), ("bias", self.bias.as_ref())])
    }
}
