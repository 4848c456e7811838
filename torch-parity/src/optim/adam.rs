//! `torch.optim.Adam`.

use tch::{Tensor, no_grad};

use super::{Optimizer, Parameters};

/// Decay of the running mean of the gradient, by default.
pub const BETA1: f64 = 0.9;
/// Decay of the running mean of the squared gradient, by default.
pub const BETA2: f64 = 0.999;
/// What is added to the denominator, by default.
pub const EPS: f64 = 1e-8;

/// `torch.optim.Adam` (Kingma and Ba, 2015) with the default betas and eps:
/// the arithmetic of `torch.optim.adam._single_tensor_adam`, call by call.
///
/// Not `tch::nn::Adam`, which is libtorch's C++ Adam and rounds otherwise
/// (`mul_` then `add_` where Python has `lerp_`).
#[derive(Debug)]
pub struct Adam {
    parameters: Parameters,
    state: Vec<State>,
    lr: f64,
    step: f64,
}

/// What is remembered of one parameter; both have its shape.
#[derive(Debug)]
struct State {
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
}

impl Adam {
    /// An optimizer of these parameters, which it updates in place.
    pub fn new(named_parameters: Vec<(String, Tensor)>, lr: f64) -> Self {
        let parameters = Parameters::new(named_parameters);
        let zeros = |param: &Tensor| param.zeros_like().detach();
        let zero_state = |param: &Tensor| State { exp_avg: zeros(param), exp_avg_sq: zeros(param) };
        let state = parameters.tensors().iter().map(zero_state).collect();
        Self { parameters, state, lr, step: 0.0 }
    }
}

/// Adam's step size and the root of its second bias correction at a step that
/// is counted from 1.
pub fn bias_corrected(lr: f64, step: f64) -> (f64, f64) {
    // C's pow, as Python's ** is; powi rounds otherwise.
    let bias_correction1 = 1.0 - BETA1.powf(step);
    let bias_correction2 = 1.0 - BETA2.powf(step);
    (lr / bias_correction1, bias_correction2.powf(0.5))
}

impl Optimizer for Adam {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn step(&mut self) {
        self.step += 1.0;
        let (step_size, bias_correction2_sqrt) = bias_corrected(self.lr, self.step);
        no_grad(|| {
            for (i, param, grad) in self.parameters.trained() {
                let State { exp_avg, exp_avg_sq } = &mut self.state[i];
                let _ = exp_avg.lerp_(grad, 1.0 - BETA1);
                // tch's addcmul_ and addcdiv_ take no `value`. The kernels
                // evaluate (value * t1) * t2 and (value * t1) / t2, so scaling
                // the first operand beforehand gives the same bits.
                let _ = exp_avg_sq.g_mul_scalar_(BETA2).addcmul_(&(grad * (1.0 - BETA2)), grad);
                let denom = (exp_avg_sq.sqrt() / bias_correction2_sqrt).g_add_scalar_(EPS);
                let _ = param.addcdiv_(&(&*exp_avg * -step_size), &denom);
            }
        });
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let State { exp_avg, exp_avg_sq } = &self.state[i];
        vec![("exp_avg", exp_avg.shallow_clone()), ("exp_avg_sq", exp_avg_sq.shallow_clone())]
    }
}
