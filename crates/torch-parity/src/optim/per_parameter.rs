//! The optimizers that update each parameter by itself.

use tch::{Tensor, no_grad};

use super::rule::{Rule, Setting, State};
use super::{Optimizer, ParamGroups, Parameters, Steps};

/// An optimizer that updates each parameter by itself, by the rule `R`: all of
/// PyTorch's but LBFGS.
#[derive(Debug)]
pub struct PerParameter<R> {
    pub(super) parameters: Parameters,
    pub(super) groups: Vec<Group<R>>,
    pub(super) state: Vec<Option<State>>,
}

/// Parameters that share their settings.
#[derive(Debug)]
pub(super) struct Group<R> {
    pub rule: R,
    /// How many of the parameters: those that follow the group before.
    pub len: usize,
    /// What schedulers note.
    pub notes: Vec<(&'static str, f64)>,
}

impl<R: Rule> Group<R> {
    /// What it is set to, and what schedulers noted, as `param_groups` has them.
    pub fn told(&self) -> super::Group {
        let notes = self.notes.iter().map(|(name, value)| (*name, Setting::Float(*value)));
        self.rule.settings().into_iter().chain(notes).collect()
    }
}

impl<R: Rule> PerParameter<R> {
    /// An optimizer of these parameters, which it updates in place, with
    /// PyTorch's defaults but for the learning rate.
    pub fn new(named_parameters: Vec<(String, Tensor)>, lr: f64) -> Self {
        let mut new = Self::with(named_parameters, R::default());
        new.set_lr(0, lr);
        new
    }

    /// The same with these settings.
    pub fn with(named_parameters: Vec<(String, Tensor)>, settings: R) -> Self {
        Self::with_groups(vec![(named_parameters, settings)])
    }

    /// The same with settings for each group of parameters.
    pub fn with_groups(groups: Vec<(Vec<(String, Tensor)>, R)>) -> Self {
        let mut all = vec![];
        let mut state = vec![];
        let mut add = |(named, rule): (Vec<(String, Tensor)>, R)| {
            let len = named.len();
            state.extend(named.iter().map(|(_, param)| R::EAGER.then(|| rule.init(param))));
            all.extend(named);
            Group { rule, len, notes: vec![] }
        };
        let groups = groups.into_iter().map(&mut add).collect();
        Self { parameters: Parameters::new(all), groups, state }
    }

    /// What a group of parameters is set to.
    pub fn settings(&self, group: usize) -> &R {
        &self.groups[group].rule
    }

    /// The same, to be changed.
    pub fn settings_mut(&mut self, group: usize) -> &mut R {
        &mut self.groups[group].rule
    }

    /// `optimizer.step()`: updates every parameter that has a gradient.
    pub fn step(&mut self) {
        let Self { parameters, groups, .. } = self;
        parameters.step_begins(|| groups.iter().map(Group::told).collect());
        let rules = self.groups.iter().flat_map(|group| (0..group.len).map(|_| &group.rule));
        let rules: Vec<_> = rules.collect();
        no_grad(|| {
            for (i, param, grad) in self.parameters.trained() {
                let state = self.state[i].get_or_insert_with(|| rules[i].init(param));
                rules[i].update(param, grad, state);
            }
        });
    }
}

impl<R: Rule> Steps for PerParameter<R> {
    fn step(&mut self) {
        PerParameter::step(self);
    }
}

impl<R: Rule> Optimizer for PerParameter<R> {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn param_groups(&self) -> Vec<super::Group> {
        self.groups.iter().map(Group::told).collect()
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let tensors = self.state[i].iter().flat_map(|state| &state.tensors);
        tensors.map(|(name, tensor)| (*name, tensor.shallow_clone())).collect()
    }
}
