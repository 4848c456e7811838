//! `torch.nn.Dropout` and `torch.nn.Dropout2d`.

use tch::Tensor;

use super::module::Training;
use super::{Layer, Module};

/// `torch.nn.Dropout` (Srivastava et al., 2014): in training mode each value is
/// 0 with probability `p`, and 1 / (1 - p) times itself otherwise.
#[derive(Debug)]
pub struct Dropout {
    p: f64,
    training: Training,
}

/// `torch.nn.Dropout2d` (Tompson et al., 2015): the same for whole channels of
/// (N, C, H, W).
#[derive(Debug)]
pub struct Dropout2d(Dropout);

impl Dropout {
    /// PyTorch's default is 0.5.
    pub fn new(p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "a probability is between 0 and 1, not {p}");
        Self { p, training: Training::default() }
    }
}

impl Dropout2d {
    /// PyTorch's default is 0.5.
    pub fn new(p: f64) -> Self {
        Self(Dropout::new(p))
    }
}

impl Layer for Dropout {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.dropout(self.p, self.training.get())
    }
}

impl Module for Dropout {
    fn train(&self, on: bool) {
        self.training.set(on);
    }
}

impl Layer for Dropout2d {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.feature_dropout(self.0.p, self.0.training.get())
    }
}

impl Module for Dropout2d {
    fn train(&self, on: bool) {
        self.0.train(on);
    }
}
