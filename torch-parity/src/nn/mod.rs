//! `torch.nn`: layers with PyTorch's default initial weights, and losses.

mod activation;
mod linear;
mod loss;

use tch::Tensor;

pub use activation::Activation;
pub use linear::Linear;
pub use loss::{cross_entropy, mse_loss};

/// What `torch.nn.Module` promises: a forward pass and named parameters.
pub trait Module {
    /// The outputs for the inputs `x`.
    fn forward(&self, x: &Tensor) -> Tensor;

    /// The parameters under PyTorch's names, in the order in which the
    /// constructor made them. The tensors share the module's storage.
    fn named_parameters(&self) -> Vec<(String, Tensor)>;
}

/// tch's own layer, which has public fields: of any initial weights.
impl Module for tch::nn::Linear {
    fn forward(&self, x: &Tensor) -> Tensor {
        tch::nn::Module::forward(self, x)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let bias = self.bs.as_ref().map(|bias| ("bias".to_owned(), bias.shallow_clone()));
        [("weight".to_owned(), self.ws.shallow_clone())].into_iter().chain(bias).collect()
    }
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
