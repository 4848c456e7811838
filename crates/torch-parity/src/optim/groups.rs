//! Groups of parameters: what each is set to.

use std::collections::BTreeMap;

use tch::Tensor;

use super::Optimizer;
use crate::error::Result;

/// What `param_groups` and `state_dict` of a `torch.optim.Optimizer` are for:
/// schedulers set rates by it, and a run can be saved and gone on with.
pub trait ParamGroups: Optimizer {
    /// How many groups there are.
    fn groups(&self) -> usize;

    /// `param_groups[group]["lr"]`.
    fn lr(&self, group: usize) -> f64;

    /// Sets `param_groups[group]["lr"]`.
    fn set_lr(&mut self, group: usize, lr: f64);

    /// `param_groups[group]["momentum"]`, or the first of `["betas"]`; None for
    /// an optimizer that has neither.
    fn momentum(&self, _group: usize) -> Option<f64> {
        None
    }

    /// The same, to be changed.
    fn momentum_mut(&mut self, _group: usize) -> Option<&mut f64> {
        None
    }

    /// What a scheduler has noted in a group: `initial_lr` and the like.
    fn note(&self, group: usize, name: &str) -> Option<f64>;

    /// Notes it.
    fn set_note(&mut self, group: usize, name: &'static str, value: f64);

    /// All that is needed to go on later: of each parameter the count of steps
    /// and the state, `fc1.weight.step`, `fc1.weight.exp_avg`; of each group the
    /// settings as float64, `param_groups.0.lr`. The tensors are copies.
    fn state_dict(&self) -> Vec<(String, Tensor)>;

    /// Takes over what [`state_dict`](Self::state_dict) gave, here or, under the
    /// same names, in Python. The parameters themselves are not in it. An error
    /// leaves everything as it was.
    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()>;
}
