//! `torch.optim.RAdam`.

use tch::Tensor;

use super::adam::{BETA1, BETA2, EPS, decayed, moments};
use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, pow, settings};
use super::scaled::add_;
use crate::defaults::defaults;

/// `torch.optim.RAdam` (Liu et al., 2020): the arithmetic of
/// `torch.optim.radam._single_tensor_radam`, call by call.
pub type RAdam = PerParameter<RAdamSettings>;

defaults! {
    /// What [`RAdam`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RAdamSettings {
        /// Learning rate.
        pub lr: f64 = 1e-3,
        /// Decay of the running means of the gradient and of its square.
        pub betas: (f64, f64) = (BETA1, BETA2),
        /// What is added to the denominator.
        pub eps: f64 = EPS,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
        /// Whether the parameter decays apart from its gradient, as in `AdamW`.
        pub decoupled_weight_decay: bool = false,
    }
}

impl Rule for RAdamSettings {
    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_sq"];

    settings!(lr, betas, eps, weight_decay, maximize, decoupled_weight_decay);

    fn init(&self, param: &Tensor) -> State {
        State::zeros(param, ["exp_avg", "exp_avg_sq"])
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let (lr, (beta1, beta2)) = (self.lr, self.betas);
        let grad = descent(grad, self.maximize);
        let step = state.next_step();
        let grad = decayed(param, grad, lr, self.weight_decay, self.decoupled_weight_decay);
        let (exp_avg, exp_avg_sq) = moments(state, &grad, self.betas);
        let bias_correction1 = 1.0 - pow(beta1, step);
        let bias_correction2 = 1.0 - pow(beta2, step);
        let mut change = exp_avg / bias_correction1 * lr;
        // The length of the simple moving average that the means amount to.
        let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
        let rho_t = rho_inf - 2.0 * step * pow(beta2, step) / bias_correction2;
        if rho_t > 5.0 {
            // Python's number / tensor: a reciprocal, then a product.
            let root = exp_avg_sq.sqrt().g_add_scalar_(self.eps);
            let adaptive_lr = root.reciprocal() * pow(bias_correction2, 0.5);
            let rect = (rho_t - 4.0) * (rho_t - 2.0) * rho_inf
                / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho_t);
            change = change * adaptive_lr * pow(rect, 0.5);
        }
        add_(param, &change, -1.0);
    }
}
