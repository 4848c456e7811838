//! `torch.optim.SGD`.

use tch::Tensor;

use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, settings};
use super::scaled::{add, add_};
use crate::defaults::defaults;

/// `torch.optim.SGD`, with momentum as Sutskever et al., 2013, have it up to the
/// place of the learning rate: the arithmetic of
/// `torch.optim.sgd._single_tensor_sgd`, call by call.
pub type Sgd = PerParameter<SgdSettings>;

defaults! {
    /// What [`Sgd`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct SgdSettings {
        /// Learning rate.
        pub lr: f64 = 1e-3,
        /// Decay of the running sum of gradients; 0 keeps none.
        pub momentum: f64 = 0.0,
        /// What part of a gradient that sum leaves out, from the second step on.
        pub dampening: f64 = 0.0,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// Nesterov's momentum.
        pub nesterov: bool = false,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
    }
}

impl Rule for SgdSettings {
    const STATE: &'static [&'static str] = &["momentum_buffer"];
    const COUNTS_STEPS: bool = false;

    settings!(lr, momentum, dampening, weight_decay, nesterov, maximize);

    fn init(&self, _: &Tensor) -> State {
        State::default()
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let mut grad = descent(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = add(&grad, param, self.weight_decay);
        }
        if self.momentum != 0.0 {
            let buf = match state.tensors.first_mut() {
                // The first gradient as it is, without dampening.
                None => {
                    state.tensors.push(("momentum_buffer", grad.copy()));
                    grad.shallow_clone()
                }
                Some((_, buf)) => {
                    add_(&mut buf.g_mul_scalar_(self.momentum), &grad, 1.0 - self.dampening);
                    buf.shallow_clone()
                }
            };
            grad = if self.nesterov { add(&grad, &buf, self.momentum) } else { buf };
        }
        add_(param, &grad, -self.lr);
    }
}
