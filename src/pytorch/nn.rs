//! `torch.nn`: layers with PyTorch's default initial weights.

use tch::{Device, Kind, Reduction, Tensor, no_grad};

/// What `torch.nn.Module` promises: a forward pass and named parameters.
pub trait Module {
    /// The outputs for the inputs `x`.
    fn forward(&self, x: &Tensor) -> Tensor;

    /// The parameters under PyTorch's names, in the order in which the
    /// constructor made them. The tensors share the module's storage.
    fn named_parameters(&self) -> Vec<(String, Tensor)>;
}

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

/// A module's parameters, as an optimizer takes them.
pub fn parameters(module: &impl Module) -> Vec<Tensor> {
    module.named_parameters().into_iter().map(|(_, tensor)| tensor).collect()
}

/// The names of a module's parameters.
pub fn names(module: &impl Module) -> Vec<String> {
    module.named_parameters().into_iter().map(|(name, _)| name).collect()
}

/// The parameters of a module's parts, each under `part.name`.
pub fn named_parameters(parts: &[(&str, &dyn Module)]) -> Vec<(String, Tensor)> {
    let of_part = |(part, module): &(&str, &dyn Module)| {
        let part = (*part).to_owned();
        let named = module.named_parameters();
        named.into_iter().map(move |(name, tensor)| (format!("{part}.{name}"), tensor))
    };
    parts.iter().flat_map(of_part).collect()
}

/// `torch.nn.functional.cross_entropy` with its defaults: the mean over the N
/// samples of -log softmax(logits)\[y\]. `logits` is (N, C), `y` (N,) int64.
pub fn cross_entropy(logits: &Tensor, y: &Tensor) -> Tensor {
    logits.cross_entropy_loss::<Tensor>(y, None, Reduction::Mean, -100, 0.0)
}

/// `torch.nn.functional.mse_loss` with its defaults: the mean of (x - y)² over
/// all values; `x` and `y` have one shape.
pub fn mse_loss(x: &Tensor, y: &Tensor) -> Tensor {
    x.mse_loss(y, Reduction::Mean)
}
