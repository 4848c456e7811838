//! Adam with parts to replace; left alone, it is the right one of
//! `pytorch::optim`, bit for bit.

use tch::{Tensor, no_grad};

use crate::pytorch::optim::{Optimizer, State};

/// Its defaults, as PyTorch's.
pub const BETAS: (f64, f64) = (0.9, 0.999);
/// Likewise.
pub const EPS: f64 = 1e-8;

/// What an update is made of. `m` is `exp_avg`, `v` is `exp_avg_sq`; both have
/// the parameter's shape.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The step count of the first update.
    pub first_step: f64,
    /// The bias correction, of beta and the step count.
    pub correction: fn(f64, f64) -> f64,
    /// What the parameter moves by is `numerator / denominator`; this one is
    /// of m, lr and the first bias correction.
    pub numerator: fn(&Tensor, f64, f64) -> Tensor,
    /// Of v and the second bias correction.
    pub denominator: fn(&Tensor, f64) -> Tensor,
    /// v, or what is used in its place, of the last one used and v.
    pub v: fn(&Tensor, &Tensor) -> Tensor,
    /// `AdamW`'s decay: each step shrinks the parameter by this times lr.
    pub weight_decay: f64,
    /// Whether a parameter of so many dimensions is trained.
    pub trains: fn(usize) -> bool,
}

impl Rule {
    /// `torch.optim.Adam`'s.
    pub const RIGHT: Self = Self {
        first_step: 1.0,
        correction: |beta, step| 1.0 - beta.powf(step),
        numerator: |m, lr, correction| m * -(lr / correction),
        denominator: |v, correction| v.sqrt() / correction.powf(0.5) + EPS,
        v: |_, v| v.shallow_clone(),
        weight_decay: 0.0,
        trains: |_| true,
    };

    /// An optimizer that follows this rule.
    pub fn adam(self, params: Vec<Tensor>, lr: f64) -> Box<dyn Optimizer> {
        let state = zero_state(&params);
        let used = params.iter().map(Tensor::zeros_like).collect();
        Box::new(RuledAdam { rule: self, step: self.first_step, params, state, used, lr })
    }
}

/// What Adam starts from.
pub fn zero_state(params: &[Tensor]) -> Vec<State> {
    let zeros = |param: &Tensor| param.zeros_like().detach();
    params.iter().map(|param| State { exp_avg: zeros(param), exp_avg_sq: zeros(param) }).collect()
}

struct RuledAdam {
    rule: Rule,
    params: Vec<Tensor>,
    state: Vec<State>,
    used: Vec<Tensor>,
    lr: f64,
    step: f64,
}

impl Optimizer for RuledAdam {
    fn backward(&mut self, loss: &Tensor) -> Vec<Tensor> {
        Tensor::run_backward(&[loss], &self.params, false, false)
    }

    fn step(&mut self, grads: &[Tensor]) {
        let Self { rule, params, state, used, lr, step } = self;
        let correction1 = (rule.correction)(BETAS.0, *step);
        let correction2 = (rule.correction)(BETAS.1, *step);
        *step += 1.0;
        no_grad(|| {
            for (((param, grad), state), used) in params.iter_mut().zip(grads).zip(state).zip(used)
            {
                if !(rule.trains)(param.dim()) {
                    continue;
                }
                if rule.weight_decay != 0.0 {
                    let _ = param.g_mul_scalar_(1.0 - *lr * rule.weight_decay);
                }
                let State { exp_avg: m, exp_avg_sq: v } = state;
                let _ = m.lerp_(grad, 1.0 - BETAS.0);
                let _ = v.g_mul_scalar_(BETAS.1).addcmul_(&(grad * (1.0 - BETAS.1)), grad);
                *used = (rule.v)(used, v);
                let numerator = (rule.numerator)(m, *lr, correction1);
                let _ = param.addcdiv_(&numerator, &(rule.denominator)(used, correction2));
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
