//! `torch.optim`: Adam as PyTorch's Python code does it.

use tch::{Tensor, no_grad};

pub(crate) const BETA1: f64 = 0.9;
pub(crate) const BETA2: f64 = 0.999;
pub(crate) const EPS: f64 = 1e-8;

/// What Adam remembers of one parameter; both have the parameter's shape.
#[derive(Debug)]
pub struct State {
    /// Running mean of the gradient.
    pub exp_avg: Tensor,
    /// Running mean of the squared gradient.
    pub exp_avg_sq: Tensor,
}

/// What `torch.optim.Optimizer` promises, with the backward pass.
pub trait Optimizer {
    /// The gradients of `loss`, one for each parameter, in their order:
    /// `zero_grad()` and `loss.backward()` in one.
    fn backward(&mut self, loss: &Tensor) -> Vec<Tensor>;

    /// Updates every parameter by its gradient.
    fn step(&mut self, grads: &[Tensor]);

    /// What it updates.
    fn params(&self) -> &[Tensor];

    /// What it remembers, one for each parameter, in their order.
    fn state(&self) -> &[State];
}

/// `torch.optim.Adam` (Kingma and Ba, 2015) with the default betas and eps:
/// the arithmetic of `torch.optim.adam._single_tensor_adam`, call by call.
///
/// Not `tch::nn::Adam`, which is libtorch's C++ Adam and rounds otherwise
/// (`mul_` then `add_` where Python has `lerp_`).
#[derive(Debug)]
pub struct Adam {
    params: Vec<Tensor>,
    state: Vec<State>,
    lr: f64,
    step: f64,
}

impl Adam {
    /// An optimizer of `params`, which it updates in place.
    pub fn new(params: Vec<Tensor>, lr: f64) -> Self {
        let zero_state = |param: &Tensor| State {
            exp_avg: param.zeros_like().detach(),
            exp_avg_sq: param.zeros_like().detach(),
        };
        Self { state: params.iter().map(zero_state).collect(), params, lr, step: 0.0 }
    }
}

/// Adam's step size and the root of its second bias correction at a step that
/// is counted from 1.
pub(crate) fn bias_corrected(lr: f64, step: f64) -> (f64, f64) {
    // C's pow, as Python's ** is; powi rounds otherwise.
    let bias_correction1 = 1.0 - BETA1.powf(step);
    let bias_correction2 = 1.0 - BETA2.powf(step);
    (lr / bias_correction1, bias_correction2.powf(0.5))
}

impl Optimizer for Adam {
    fn backward(&mut self, loss: &Tensor) -> Vec<Tensor> {
        // Nothing is accumulated, so there is nothing to zero.
        Tensor::run_backward(&[loss], &self.params, false, false)
    }

    fn step(&mut self, grads: &[Tensor]) {
        self.step += 1.0;
        let (step_size, bias_correction2_sqrt) = bias_corrected(self.lr, self.step);
        no_grad(|| {
            for ((param, grad), state) in self.params.iter_mut().zip(grads).zip(&mut self.state) {
                let State { exp_avg, exp_avg_sq } = state;
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

    fn params(&self) -> &[Tensor] {
        &self.params
    }

    fn state(&self) -> &[State] {
        &self.state
    }
}
