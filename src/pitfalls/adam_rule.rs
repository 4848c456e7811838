//! Adam with parts to replace; left alone, it is the right one of
//! `torch_parity::optim`, bit for bit.

use tch::Tensor;
use torch_parity::optim::{
    self, BETA1, BETA2, EPS, PerParameter, Setting, SettingMut, State, Steps,
};

/// What an update is made of. `m` is `exp_avg`, `v` is `exp_avg_sq`; both have
/// the parameter's shape.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Learning rate.
    pub lr: f64,
    /// The step count of the first update.
    pub first_step: f32,
    /// The bias correction, of beta and the step count.
    pub correction: fn(f64, f64) -> f64,
    /// Moves the parameter, by the gradient, the count and the moments m and v, which it
    /// updates, too.
    pub step: fn(&Self, &mut Tensor, &Tensor, f64, [Tensor; 2]),
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
        lr: 1e-3,
        first_step: 1.0,
        correction: |beta, step| 1.0 - beta.powf(step),
        step: Self::step_by_parts,
        numerator: |m, lr, correction| m * -(lr / correction),
        denominator: |v, correction| v.sqrt() / correction.powf(0.5) + EPS,
        trains: |_| true,
    };

    /// An optimizer that follows this rule.
    pub fn adam(self, named: Vec<(String, Tensor)>, lr: f64) -> Box<dyn Steps> {
        Box::new(PerParameter::with(named, Self { lr, ..self }))
    }

    fn step_by_parts(&self, param: &mut Tensor, grad: &Tensor, step: f64, moments: [Tensor; 2]) {
        let [mut m, mut v] = moments;
        let _ = m.lerp_(grad, 1.0 - BETA1);
        let _ = v.g_mul_scalar_(BETA2).addcmul_(&(grad * (1.0 - BETA2)), grad);
        let numerator = (self.numerator)(&m, self.lr, (self.correction)(BETA1, step));
        let denominator = (self.denominator)(&v, (self.correction)(BETA2, step));
        let _ = param.addcdiv_(&numerator, &denominator);
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::RIGHT
    }
}

/// What Adam remembers of each parameter.
const MOMENTS: [&str; 2] = ["exp_avg", "exp_avg_sq"];

impl optim::Rule for Rule {
    const STATE: &'static [&'static str] = &MOMENTS;

    /// None: a mistake is to be found by its numbers.
    fn settings(&self) -> Vec<(&'static str, Setting)> {
        vec![]
    }

    fn settings_mut(&mut self) -> Vec<(&'static str, SettingMut<'_>)> {
        vec![]
    }

    fn init(&self, param: &Tensor) -> State {
        State { step: self.first_step - 1.0, ..State::zeros(param, MOMENTS) }
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        if (self.trains)(param.dim()) {
            let step = state.next_step();
            (self.step)(self, param, grad, step, MOMENTS.map(|name| state.get(name)));
        }
    }
}
