//! The optimizers that update each parameter by itself.

use tch::{Tensor, no_grad};

use super::rule::{Rule, Setting, State};
use super::{Optimizer, Parameters};

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

impl<R: Rule> PerParameter<R> {
    /// An optimizer of these parameters, which it updates in place, with
    /// PyTorch's defaults but for the learning rate.
    pub fn new(named_parameters: Vec<(String, Tensor)>, lr: f64) -> Self {
        let mut rule = R::default();
        *rule.lr() = lr;
        Self::with(named_parameters, rule)
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
}

impl<R: Rule> Optimizer for PerParameter<R> {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn step(&mut self) {
        let rules = self.groups.iter().flat_map(|group| (0..group.len).map(|_| &group.rule));
        let rules: Vec<_> = rules.collect();
        no_grad(|| {
            for (i, param, grad) in self.parameters.trained() {
                let state = self.state[i].get_or_insert_with(|| rules[i].init(param));
                rules[i].update(param, grad, state);
            }
        });
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let tensors = self.state[i].iter().flat_map(|state| &state.tensors);
        tensors.map(|(name, tensor)| (*name, tensor.shallow_clone())).collect()
    }
}

/// What schedulers look for among the settings.
pub(super) trait Rates {
    fn lr(&mut self) -> &mut f64;
    fn momentum(&mut self) -> Option<&mut f64>;
}

impl<R: Rule> Rates for R {
    fn lr(&mut self) -> &mut f64 {
        let found = self.settings().into_iter().find_map(|(name, setting)| match setting {
            Setting::Float(lr) if name == "lr" => Some(lr),
            _ => None,
        });
        found.expect("every rule has a learning rate")
    }

    fn momentum(&mut self) -> Option<&mut f64> {
        self.settings().into_iter().find_map(|(name, setting)| match setting {
            Setting::Float(momentum) if name == "momentum" => Some(momentum),
            Setting::Pair(betas) if name == "betas" => Some(&mut betas.0),
            _ => None,
        })
    }
}
