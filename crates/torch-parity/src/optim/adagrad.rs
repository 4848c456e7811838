//! `torch.optim.Adagrad`.

use tch::Tensor;

use super::per_parameter::PerParameter;
use super::rule::{Rule, State, descent, settings};
use super::scaled::{add, addcdiv_, addcmul_};
use crate::defaults::defaults;

/// `torch.optim.Adagrad` (Duchi et al., 2011): the arithmetic of
/// `torch.optim.adagrad._single_tensor_adagrad`, call by call. Its state is made
/// with it, for frozen parameters too.
pub type Adagrad = PerParameter<AdagradSettings>;

defaults! {
    /// What [`Adagrad`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AdagradSettings {
        /// Learning rate.
        pub lr: f64 = 1e-2,
        /// The rate is lr / (1 + (step - 1) · `lr_decay`).
        pub lr_decay: f64 = 0.0,
        /// What is added to the denominator.
        pub eps: f64 = 1e-10,
        /// How much of the parameter is added to its gradient.
        pub weight_decay: f64 = 0.0,
        /// What the sum of squares starts from. PyTorch takes the optimizer's for
        /// all groups: give them the same.
        pub initial_accumulator_value: f64 = 0.0,
        /// Whether the loss is to go up.
        pub maximize: bool = false,
    }
}

impl Rule for AdagradSettings {
    const STATE: &'static [&'static str] = &["sum"];
    const EAGER: bool = true;

    settings!(lr, lr_decay, eps, weight_decay, initial_accumulator_value, maximize);

    fn init(&self, param: &Tensor) -> State {
        let sum = param.full_like(self.initial_accumulator_value).detach();
        State::default().and("sum", sum)
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        let step = state.next_step();
        let mut grad = descent(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = add(&grad, param, self.weight_decay);
        }
        let clr = self.lr / (1.0 + (step - 1.0) * self.lr_decay);
        let mut sum = state.get("sum");
        addcmul_(&mut sum, &grad, &grad, 1.0);
        let std = sum.sqrt().g_add_scalar_(self.eps);
        addcdiv_(param, &grad, &std, -clr);
    }
}
