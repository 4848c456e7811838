//! `torch.optim.NAdam`.

use tch::Tensor;

use super::adam::{BETA1, BETA2, EPS, decayed, moments};
use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, pow, settings};
use super::scaled::addcdiv_;
use crate::defaults::defaults;

/// `torch.optim.NAdam` (Dozat, 2016): the arithmetic of
/// `torch.optim.nadam._single_tensor_nadam`, call by call. `mu_product` is a
/// float32 tensor there, and rounds as one here.
pub type NAdam = PerParameter<NAdamSettings>;

defaults! {
    /// What [`NAdam`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct NAdamSettings {
        /// Learning rate.
        pub lr: f64 = 2e-3,
        /// Decay of the running means of the gradient and of its square.
        pub betas: (f64, f64) = (BETA1, BETA2),
        /// What is added to the denominator.
        pub eps: f64 = EPS,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// How fast the momentum grows to the first beta.
        pub momentum_decay: f64 = 4e-3,
        /// Whether the parameter decays apart from its gradient, as in `AdamW`.
        pub decoupled_weight_decay: bool = false,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
    }
}

impl Rule for NAdamSettings {
    const STATE: &'static [&'static str] = &["mu_product", "exp_avg", "exp_avg_sq"];

    settings!(lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize);

    fn init(&self, param: &Tensor) -> State {
        let zeros = || param.zeros_like().detach();
        let state = State::default().and("mu_product", Tensor::from(1.0_f32));
        state.and("exp_avg", zeros()).and("exp_avg_sq", zeros())
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let (lr, (beta1, beta2)) = (self.lr, self.betas);
        let grad = descent(grad, self.maximize);
        let step = state.next_step();
        let bias_correction2 = 1.0 - pow(beta2, step);
        let grad = decayed(param, grad, lr, self.weight_decay, self.decoupled_weight_decay);
        let mu = beta1 * (1.0 - 0.5 * pow(0.96, step * self.momentum_decay));
        let mu_next = beta1 * (1.0 - 0.5 * pow(0.96, (step + 1.0) * self.momentum_decay));
        let mu_product = state.get("mu_product").g_mul_scalar_(mu).double_value(&[]);
        let (exp_avg, exp_avg_sq) = moments(state, &grad, self.betas);
        let mut denom = (exp_avg_sq / bias_correction2).sqrt();
        let mu_product_next = mu_product * mu_next;
        let denom = denom.g_add_scalar_(self.eps);
        addcdiv_(param, &grad, &denom, -lr * (1.0 - mu) / (1.0 - mu_product));
        addcdiv_(param, &exp_avg, &denom, -lr * mu_next / (1.0 - mu_product_next));
    }
}
