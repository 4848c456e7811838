//! `torch.optim.RMSprop`.

use tch::Tensor;

use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, settings};
use super::scaled::{add, add_, addcdiv_, addcmul, addcmul_};
use crate::defaults::defaults;

/// `torch.optim.RMSprop` (Hinton's lecture 6e, 2012; centered: Graves, 2013):
/// the arithmetic of `torch.optim.rmsprop._single_tensor_rmsprop`, call by call.
pub type RmsProp = PerParameter<RmsPropSettings>;

defaults! {
    /// What [`RmsProp`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RmsPropSettings {
        /// Learning rate.
        pub lr: f64 = 1e-2,
        /// Decay of the running sum of steps; 0 keeps none.
        pub momentum: f64 = 0.0,
        /// Decay of the running mean of the squared gradient.
        pub alpha: f64 = 0.99,
        /// What is added to the denominator.
        pub eps: f64 = 1e-8,
        /// Whether to divide by the gradient's estimated variance.
        pub centered: bool = false,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
    }
}

impl Rule for RmsPropSettings {
    const STATE: &'static [&'static str] = &["square_avg", "momentum_buffer", "grad_avg"];

    settings!(lr, momentum, alpha, eps, centered, weight_decay, maximize);

    fn init(&self, param: &Tensor) -> State {
        let zeros = || param.zeros_like().detach();
        let mut state = State::zeros(param, ["square_avg"]);
        if self.momentum > 0.0 {
            state = state.and("momentum_buffer", zeros());
        }
        if self.centered {
            state = state.and("grad_avg", zeros());
        }
        state
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let alpha = self.alpha;
        let mut grad = descent(grad, self.maximize);
        state.next_step();
        if self.weight_decay != 0.0 {
            grad = add(&grad, param, self.weight_decay);
        }
        let mut square_avg = state.get("square_avg");
        addcmul_(&mut square_avg.g_mul_scalar_(alpha), &grad, &grad, 1.0 - alpha);
        let mut avg = if self.centered {
            let mut grad_avg = state.get("grad_avg");
            let _ = grad_avg.lerp_(&grad, 1.0 - alpha);
            addcmul(&square_avg, &grad_avg, &grad_avg, -1.0).sqrt_()
        } else {
            square_avg.sqrt()
        };
        let avg = avg.g_add_scalar_(self.eps);
        if self.momentum > 0.0 {
            let mut buf = state.get("momentum_buffer");
            let _ = buf.g_mul_scalar_(self.momentum).addcdiv_(&grad, &avg);
            add_(param, &buf, -self.lr);
        } else {
            addcdiv_(param, &grad, &avg, -self.lr);
        }
    }
}
