//! `torch.optim.AdamW`.

use tch::Tensor;

use super::adam::{AdamSettings, BETA1, BETA2, EPS};
use super::per_parameter::PerParameter;
use super::rule::{Rule, State, settings};
use crate::defaults::defaults;

/// `torch.optim.AdamW` (Loshchilov and Hutter, 2019): [`Adam`](super::Adam) whose
/// parameters decay apart from the gradient, by default by 0.01.
pub type AdamW = PerParameter<AdamWSettings>;

defaults! {
    /// What [`AdamW`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AdamWSettings {
        /// Learning rate.
        pub lr: f64 = 1e-3,
        /// Decay of the running means of the gradient and of its square.
        pub betas: (f64, f64) = (BETA1, BETA2),
        /// What is added to the denominator.
        pub eps: f64 = EPS,
        /// The parameter loses this part of itself, times the learning rate.
        pub weight_decay: f64 = 1e-2,
        /// Whether to divide by the largest mean so far (Reddi et al., 2018).
        pub amsgrad: bool = false,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
    }
}

impl AdamWSettings {
    fn adam(&self) -> AdamSettings {
        let Self { lr, betas, eps, weight_decay, amsgrad, maximize } = *self;
        let decoupled_weight_decay = true;
        AdamSettings { lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay }
    }
}

impl Rule for AdamWSettings {
    const STATE: &'static [&'static str] = AdamSettings::STATE;

    settings!(lr, betas, eps, weight_decay, amsgrad, maximize);

    fn init(&self, param: &Tensor) -> State {
        self.adam().init(param)
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        self.adam().update(param, grad, state);
    }
}
