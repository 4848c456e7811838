//! `torch.optim`, as PyTorch's Python code does it on the CPU, and
//! `torch.nn.utils.clip_grad_norm_`.
//!
//! An optimizer is made with PyTorch's defaults, [`Adam::new(named, lr)`], with
//! settings, `Adam::with(named, AdamSettings { weight_decay: 0.01,
//! ..Default::default() })`, or with settings for each group of parameters,
//! `Adam::with_groups(vec![(named, settings), (others, others_settings)])`.
//!
//! [`Adam::new(named, lr)`]: PerParameter::new

mod adagrad;
mod adam;
mod adamw;
mod byproduct;
mod clip;
mod groups;
mod lbfgs;
mod nadam;
mod parameters;
mod per_parameter;
mod radam;
mod rmsprop;
mod rule;
mod saved;
mod scaled;
mod sgd;
mod state_dict;
mod taken;

use tch::Tensor;

pub use adagrad::{Adagrad, AdagradSettings};
pub use adam::{Adam, AdamSettings, BETA1, BETA2, EPS, bias_corrected};
pub use adamw::{AdamW, AdamWSettings};
pub use byproduct::Byproduct;
pub use clip::{clip_grad_norm_, clip_grad_value_};
pub use groups::ParamGroups;
pub use lbfgs::{Lbfgs, LbfgsSettings, LineSearch};
pub use nadam::{NAdam, NAdamSettings};
pub use parameters::Parameters;
pub use per_parameter::PerParameter;
pub use radam::{RAdam, RAdamSettings};
pub use rmsprop::{RmsProp, RmsPropSettings};
pub use rule::{Rule, Setting, SettingMut, State, pow};
pub use sgd::{Sgd, SgdSettings};
pub(crate) use taken::Recorded;
pub use taken::{Group, Taken};

/// What every `torch.optim.Optimizer` can do, with the backward pass. Its step is a
/// method of the type itself, as [`Adam::step`](PerParameter::step) and, with a
/// closure, [`Lbfgs::step`].
pub trait Optimizer {
    /// What it trains.
    fn parameters(&self) -> &Parameters;

    /// What it trains, to be changed.
    fn parameters_mut(&mut self) -> &mut Parameters;

    /// What it remembers of the `i`th parameter, under PyTorch's names and in
    /// PyTorch's order. The tensors share its memory.
    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)>;

    /// `param_groups`: what each group of parameters is set to. Nothing, where that
    /// cannot be told.
    fn param_groups(&self) -> Vec<Group> {
        Vec::new()
    }

    /// Forgets all gradients, as `zero_grad(set_to_none=True)` does.
    fn zero_grad(&mut self) {
        self.parameters_mut().zero_grad();
    }

    /// Adds the gradients of `loss`, (), as `loss.backward()` does.
    fn backward(&mut self, loss: &Tensor) {
        self.parameters_mut().backward(loss);
    }
}

/// An optimizer whose step needs no closure: all of PyTorch's but LBFGS. For what is
/// written for any of them; a port calls the step of its own. One that begins with
/// [`Parameters::step_begins`] is recorded as it was when it stepped.
pub trait Steps: Optimizer {
    /// Updates every parameter that has a gradient.
    fn step(&mut self);
}
