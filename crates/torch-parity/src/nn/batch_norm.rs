//! `torch.nn.BatchNorm1d`, `BatchNorm2d` and `BatchNorm3d`.

use tch::{Device, Kind, Tensor};

use super::init::{ones_, zeros_};
use super::module::{Training, empty, named};
use super::{Layer, Module};
use crate::defaults::defaults;

/// `torch.nn.BatchNorm1d`: (N, C) or (N, C, L).
pub type BatchNorm1d = BatchNorm<1>;
/// `torch.nn.BatchNorm2d`: (N, C, H, W).
pub type BatchNorm2d = BatchNorm<2>;
/// `torch.nn.BatchNorm3d`: (N, C, D, H, W).
pub type BatchNorm3d = BatchNorm<3>;

/// Batch normalization (Ioffe and Szegedy, 2015): brings each channel to mean 0
/// and variance 1 over the batch, then scales and shifts it. In evaluation mode
/// it takes the running statistics in place of the batch's.
///
/// Not `tch::nn::batch_norm2d`, whose weight is drawn from [0, 1) where
/// PyTorch's begins as 1, and which does not count batches.
#[derive(Debug)]
pub struct BatchNorm<const D: usize> {
    /// (C,), of an affine one
    pub weight: Option<Tensor>,
    /// (C,), of an affine one
    pub bias: Option<Tensor>,
    statistics: Option<Statistics>,
    options: BatchNormOptions,
    training: Training,
}

/// What is kept of the batches seen.
#[derive(Debug)]
struct Statistics {
    running_mean: Tensor,        // (C,)
    running_var: Tensor,         // (C,)
    num_batches_tracked: Tensor, // (), int64
}

defaults! {
    /// The settings of batch normalization.
    #[derive(Clone, Copy, Debug)]
    pub struct BatchNormOptions {
        /// 1e-5 by default.
        pub eps: f64 = 1e-5,
        /// The share of the new batch in the running statistics, 0.1 by default;
        /// None for the mean over all batches.
        pub momentum: Option<f64> = Some(0.1),
        /// true by default.
        pub affine: bool = true,
        /// true by default.
        pub track_running_stats: bool = true,
    }
}

impl<const D: usize> BatchNorm<D> {
    /// With PyTorch's default settings.
    pub fn new(num_features: i64) -> Self {
        Self::with(num_features, BatchNormOptions::default())
    }

    /// With these settings.
    pub fn with(num_features: i64, options: BatchNormOptions) -> Self {
        let parameter = |fill: fn(&mut Tensor)| {
            let mut tensor = empty([num_features]);
            fill(&mut tensor);
            tensor
        };
        let statistics = Statistics {
            running_mean: Tensor::zeros([num_features], (Kind::Float, Device::Cpu)),
            running_var: Tensor::ones([num_features], (Kind::Float, Device::Cpu)),
            num_batches_tracked: Tensor::from(0_i64),
        };
        Self {
            weight: options.affine.then(|| parameter(ones_)),
            bias: options.affine.then(|| parameter(zeros_)),
            statistics: options.track_running_stats.then_some(statistics),
            options,
            training: Training::default(),
        }
    }

    fn check(&self, x: &Tensor) {
        let size = x.size();
        let fits = if D == 1 { [2, 3].contains(&size.len()) } else { size.len() == D + 2 };
        assert!(fits, "BatchNorm{D}d does not take an input of shape {size:?}");
        let values = size[0] * size[2..].iter().product::<i64>();
        assert!(
            values != 1 || !self.training.get(),
            "an input of shape {size:?} has one value for each channel: no variance to train on"
        );
    }
}

impl<const D: usize> Layer for BatchNorm<D> {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.check(x);
        let training = self.training.get();
        let mut factor = self.options.momentum.unwrap_or(0.0);
        if let (true, Some(statistics)) = (training, &self.statistics) {
            let seen = statistics.num_batches_tracked.shallow_clone().g_add_scalar_(1);
            if self.options.momentum.is_none() {
                factor = 1.0 / seen.double_value(&[]);
            }
        }
        let statistics = self.statistics.as_ref();
        x.batch_norm(
            self.weight.as_ref(),
            self.bias.as_ref(),
            statistics.map(|statistics| &statistics.running_mean),
            statistics.map(|statistics| &statistics.running_var),
            training || statistics.is_none(),
            factor,
            self.options.eps,
            true, // as torch.backends.cudnn.enabled is by default
        )
    }
}

impl<const D: usize> Module for BatchNorm<D> {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", self.weight.as_ref()), ("bias", self.bias.as_ref())])
    }

    fn named_buffers(&self) -> Vec<(String, Tensor)> {
        let Some(statistics) = &self.statistics else { return Vec::new() };
        named([
            ("running_mean", Some(&statistics.running_mean)),
            ("running_var", Some(&statistics.running_var)),
            ("num_batches_tracked", Some(&statistics.num_batches_tracked)),
        ])
    }

    fn train(&self, on: bool) {
        self.training.set(on);
    }
}
