//! `torch.nn.Linear`.

use tch::{Device, Kind, Tensor, no_grad};

use super::Module;

/// `torch.nn.Linear`: x · weightᵀ + bias.
///
/// Not `tch::nn::linear`, whose initial weights are drawn from a range √6 times
/// as wide, and after the bias.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor, // (out, in)
    bias: Tensor,   // (out,)
}

impl Linear {
    /// Draws `weight`, then `bias`, from the default generator, as
    /// `torch.nn.Linear.reset_parameters` does.
    pub fn new(in_features: i64, out_features: i64) -> Self {
        let mut weight = Tensor::empty([out_features, in_features], (Kind::Float, Device::Cpu));
        kaiming_uniform_(&mut weight, 5_f64.sqrt());
        let mut bias = Tensor::empty([out_features], (Kind::Float, Device::Cpu));
        let bound = 1.0 / (in_features as f64).sqrt();
        let _ = bias.uniform_(-bound, bound);
        Self { weight: weight.set_requires_grad(true), bias: bias.set_requires_grad(true) }
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&self.bias))
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        vec![
            ("weight".to_owned(), self.weight.shallow_clone()),
            ("bias".to_owned(), self.bias.shallow_clone()),
        ]
    }
}

/// `torch.nn.init.kaiming_uniform_` (He et al., 2015) for a leaky relu of
/// negative slope `a`; evaluated in PyTorch's order, since rounding differs
/// in any other.
fn kaiming_uniform_(weight: &mut Tensor, a: f64) {
    let fan_in = weight.size()[1] as f64;
    let gain = (2.0 / (1.0 + a.powi(2))).sqrt();
    let std = gain / fan_in.sqrt();
    let bound = 3_f64.sqrt() * std;
    let _ = no_grad(|| weight.uniform_(-bound, bound));
}
