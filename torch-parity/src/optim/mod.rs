//! `torch.optim`, as PyTorch's Python code does it.

mod adam;
mod parameters;

use tch::Tensor;

pub use adam::{Adam, BETA1, BETA2, EPS, bias_corrected};
pub use parameters::Parameters;

/// What `torch.optim.Optimizer` promises, with the backward pass.
pub trait Optimizer {
    /// What it trains.
    fn parameters(&self) -> &Parameters;

    /// What it trains, to be changed.
    fn parameters_mut(&mut self) -> &mut Parameters;

    /// Updates every parameter that has a gradient.
    fn step(&mut self);

    /// What it remembers of the `i`th parameter, under PyTorch's names and in
    /// PyTorch's order. The tensors share its memory.
    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)>;

    /// Forgets all gradients, as `zero_grad(set_to_none=True)` does.
    fn zero_grad(&mut self) {
        self.parameters_mut().zero_grad();
    }

    /// Adds the gradients of `loss`, (), as `loss.backward()` does.
    fn backward(&mut self, loss: &Tensor) {
        self.parameters_mut().backward(loss);
    }
}
