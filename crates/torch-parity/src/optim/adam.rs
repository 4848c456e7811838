//! `torch.optim.Adam`.

use tch::Tensor;

use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, pow, settings};
use super::scaled::{add, addcdiv_, addcmul_};
use crate::defaults::defaults;

/// Decay of the running mean of the gradient, by default.
pub const BETA1: f64 = 0.9;
/// Decay of the running mean of the squared gradient, by default.
pub const BETA2: f64 = 0.999;
/// What is added to the denominator, by default.
pub const EPS: f64 = 1e-8;

/// `torch.optim.Adam` (Kingma and Ba, 2015): the arithmetic of
/// `torch.optim.adam._single_tensor_adam`, call by call.
///
/// Not `tch::nn::Adam`, which is libtorch's C++ Adam and rounds otherwise
/// (`mul_` then `add_` where Python has `lerp_`).
pub type Adam = PerParameter<AdamSettings>;

defaults! {
    /// What [`Adam`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AdamSettings {
        /// Learning rate.
        pub lr: f64 = 1e-3,
        /// Decay of the running means of the gradient and of its square.
        pub betas: (f64, f64) = (BETA1, BETA2),
        /// What is added to the denominator.
        pub eps: f64 = EPS,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// Whether to divide by the largest mean so far (Reddi et al., 2018).
        pub amsgrad: bool = false,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
        /// Whether the parameter decays apart from its gradient, as in `AdamW`.
        pub decoupled_weight_decay: bool = false,
    }
}

impl Rule for AdamSettings {
    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

    settings!(lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay);

    fn init(&self, param: &Tensor) -> State {
        let state = State::zeros(param, ["exp_avg", "exp_avg_sq"]);
        if self.amsgrad {
            return state.and("max_exp_avg_sq", param.zeros_like().detach());
        }
        state
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let lr = self.lr;
        let grad = descent(grad, self.maximize);
        let step = state.next_step();
        let grad = decayed(param, grad, lr, self.weight_decay, self.decoupled_weight_decay);
        let (exp_avg, exp_avg_sq) = moments(state, &grad, self.betas);
        let (step_size, bias_correction2_sqrt) = corrected(lr, self.betas, step);
        let mut of_denom = exp_avg_sq;
        if self.amsgrad {
            let mut max_exp_avg_sq = state.get("max_exp_avg_sq");
            let max = max_exp_avg_sq.maximum(&of_denom);
            max_exp_avg_sq.copy_(&max);
            of_denom = max_exp_avg_sq;
        }
        let denom = (of_denom.sqrt() / bias_correction2_sqrt).g_add_scalar_(self.eps);
        addcdiv_(param, &exp_avg, &denom, -step_size);
    }
}

/// The gradient with the weight decay in it; or, decoupled, the gradient as it is,
/// once the parameter has decayed. For Adam and what is made after it.
pub(super) fn decayed(
    param: &mut Tensor,
    grad: Tensor,
    lr: f64,
    weight_decay: f64,
    decoupled: bool,
) -> Tensor {
    if weight_decay == 0.0 {
        return grad;
    }
    if decoupled {
        let _ = param.g_mul_scalar_(1.0 - lr * weight_decay);
        return grad;
    }
    add(&grad, param, weight_decay)
}

/// `exp_avg` and `exp_avg_sq` once they have taken in a gradient; they share the
/// state's memory.
pub(super) fn moments(
    state: &mut State,
    grad: &Tensor,
    (beta1, beta2): (f64, f64),
) -> (Tensor, Tensor) {
    let mut exp_avg = state.get("exp_avg");
    let mut exp_avg_sq = state.get("exp_avg_sq");
    let _ = exp_avg.lerp_(grad, 1.0 - beta1);
    addcmul_(&mut exp_avg_sq.g_mul_scalar_(beta2), grad, grad, 1.0 - beta2);
    (exp_avg, exp_avg_sq)
}

/// Adam's step size and the root of its second bias correction, with the default
/// betas, at a step that is counted from 1.
pub fn bias_corrected(lr: f64, step: f64) -> (f64, f64) {
    corrected(lr, (BETA1, BETA2), step)
}

fn corrected(lr: f64, (beta1, beta2): (f64, f64), step: f64) -> (f64, f64) {
    let bias_correction1 = 1.0 - pow(beta1, step);
    let bias_correction2 = 1.0 - pow(beta2, step);
    (lr / bias_correction1, pow(bias_correction2, 0.5))
}
