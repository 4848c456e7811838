//! Adam with parts to replace; left alone, it is the right one of
//! `torch_parity::optim`, bit for bit.

use tch::{Tensor, no_grad};
use torch_parity::optim::{BETA1, BETA2, EPS, Optimizer, Parameters, Steps};

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
        trains: |_| true,
    };

    /// An optimizer that follows this rule.
    pub fn adam(self, named: Vec<(String, Tensor)>, lr: f64) -> Box<dyn Steps> {
        let parameters = Parameters::new(named);
        let moments = Moments::zeros(&parameters);
        Box::new(RuledAdam { rule: self, step: self.first_step, parameters, moments, lr })
    }
}

/// What Adam remembers of each parameter: `exp_avg` and `exp_avg_sq`.
#[derive(Debug)]
pub struct Moments(pub Vec<[Tensor; 2]>);

impl Moments {
    /// What Adam starts from.
    pub fn zeros(parameters: &Parameters) -> Self {
        let zeros = |param: &Tensor| [(); 2].map(|()| param.zeros_like().detach());
        Self(parameters.tensors().iter().map(zeros).collect())
    }

    /// Those of the `i`th parameter, under PyTorch's names.
    pub fn named(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let [m, v] = &self.0[i];
        vec![("exp_avg", m.shallow_clone()), ("exp_avg_sq", v.shallow_clone())]
    }
}

struct RuledAdam {
    rule: Rule,
    parameters: Parameters,
    moments: Moments,
    lr: f64,
    step: f64,
}

impl Optimizer for RuledAdam {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        self.moments.named(i)
    }
}

impl Steps for RuledAdam {
    fn step(&mut self) {
        let Self { rule, parameters, moments, lr, step } = self;
        let correction1 = (rule.correction)(BETA1, *step);
        let correction2 = (rule.correction)(BETA2, *step);
        *step += 1.0;
        no_grad(|| {
            for (i, param, grad) in parameters.trained() {
                if !(rule.trains)(param.dim()) {
                    continue;
                }
                let [m, v] = &mut moments.0[i];
                let _ = m.lerp_(grad, 1.0 - BETA1);
                let _ = v.g_mul_scalar_(BETA2).addcmul_(&(grad * (1.0 - BETA2)), grad);
                let numerator = (rule.numerator)(m, *lr, correction1);
                let _ = param.addcdiv_(&numerator, &(rule.denominator)(v, correction2));
            }
        });
    }
}
