//! Groups, saving and loading of the optimizers that update each parameter by
//! itself.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use super::groups::ParamGroups;
use super::per_parameter::{Group, PerParameter};
use super::rule::{Rule, Setting, SettingMut, State};
use super::saved::Saved;
use crate::error::{Error, Result, ensure};

/// What PyTorch's schedulers note in a group.
const NOTES: [&str; 5] = ["initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"];

impl<R: Rule> ParamGroups for PerParameter<R> {
    fn groups(&self) -> usize {
        self.groups.len()
    }

    fn lr(&self, group: usize) -> f64 {
        let mut settings = self.groups[group].rule.settings().into_iter();
        let found = settings.find_map(|(name, setting)| match setting {
            Setting::Float(lr) if name == "lr" => Some(lr),
            _ => None,
        });
        found.expect("every rule has a learning rate")
    }

    fn set_lr(&mut self, group: usize, lr: f64) {
        let mut settings = self.groups[group].rule.settings_mut().into_iter();
        let found = settings.find_map(|(name, setting)| match setting {
            SettingMut::Float(lr) if name == "lr" => Some(lr),
            _ => None,
        });
        *found.expect("every rule has a learning rate") = lr;
    }

    fn momentum(&self, group: usize) -> Option<f64> {
        let mut settings = self.groups[group].rule.settings().into_iter();
        settings.find_map(|(name, setting)| match setting {
            Setting::Float(momentum) if name == "momentum" => Some(momentum),
            Setting::Pair(beta1, _) if name == "betas" => Some(beta1),
            _ => None,
        })
    }

    fn momentum_mut(&mut self, group: usize) -> Option<&mut f64> {
        let mut settings = self.groups[group].rule.settings_mut().into_iter();
        settings.find_map(|(name, setting)| match setting {
            SettingMut::Float(momentum) if name == "momentum" => Some(momentum),
            SettingMut::Pair(betas) if name == "betas" => Some(&mut betas.0),
            _ => None,
        })
    }

    fn note(&self, group: usize, name: &str) -> Option<f64> {
        let mut notes = self.groups[group].notes.iter();
        notes.find_map(|(known, value)| (*known == name).then_some(*value))
    }

    fn set_note(&mut self, group: usize, name: &'static str, value: f64) {
        let notes = &mut self.groups[group].notes;
        notes.retain(|(known, _)| *known != name);
        notes.push((name, value));
    }

    fn state_dict(&self) -> Vec<(String, Tensor)> {
        let mut all = vec![];
        for (name, state) in self.parameters.names().iter().zip(&self.state) {
            let Some(state) = state else { continue };
            if R::COUNTS_STEPS {
                all.push((format!("{name}.step"), Tensor::from(state.step)));
            }
            all.extend(state.tensors.iter().map(|(of, x)| (format!("{name}.{of}"), x.copy())));
        }
        for (i, group) in self.groups.iter().enumerate() {
            let saved = |(name, setting)| (format!("param_groups.{i}.{name}"), saved(setting));
            all.extend(group.told().into_iter().map(saved));
        }
        all
    }

    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()> {
        let mut saved = Saved::of(saved);
        let load = |(i, group): (usize, &Group<R>)| {
            let mut rule = group.rule.clone();
            for (name, setting) in rule.settings_mut() {
                let key = format!("param_groups.{i}.{name}");
                let value = saved.tensor(&key)?;
                set(setting, value).map_err(|error| error.of(key))?;
            }
            let note = |name| Some((name, saved.take(&format!("param_groups.{i}.{name}"))?));
            let notes = NOTES.into_iter().filter_map(note);
            let notes = notes.map(|(name, x)| Ok((name, f64::try_from(x)?)));
            Ok(Group { rule, len: group.len, notes: notes.collect::<Result<_>>()? })
        };
        let groups = self.groups.iter().enumerate().map(load).collect::<Result<Vec<_>>>()?;
        let named = self.parameters.names().iter().zip(self.parameters.tensors());
        let state = named.map(|(name, param)| saved.state::<R>(name, param));
        let state = state.collect::<Result<_>>()?;
        saved.finish("no parameter or group here for")?;
        (self.groups, self.state) = (groups, state);
        Ok(())
    }
}

/// A setting as a `state_dict` has it.
pub(super) fn saved(setting: Setting) -> Tensor {
    match setting {
        Setting::Float(value) => Tensor::from(value),
        Setting::Pair(a, b) => Tensor::from_slice(&[a, b]),
        Setting::Flag(flag) => Tensor::from(f64::from(flag)),
        Setting::Whole(n) => Tensor::from(n as f64),
        Setting::Word(word) => Tensor::from(f64::from(word.is_some())),
    }
}

fn set(setting: SettingMut, saved: &Tensor) -> Result<()> {
    ensure!(saved.kind() == Kind::Double, State, "a setting is float64, not {:?}", saved.kind());
    match setting {
        SettingMut::Float(value) => *value = saved.try_into()?,
        SettingMut::Pair(pair) => {
            let [a, b] = Vec::try_from(saved)?[..] else {
                return Err(Error::State("not two numbers".to_owned()));
            };
            *pair = (a, b);
        }
        SettingMut::Flag(flag) => *flag = f64::try_from(saved)? != 0.0,
    }
    Ok(())
}

impl Saved<'_> {
    /// The state of one parameter, of which there is none before its first
    /// gradient.
    fn state<R: Rule>(&mut self, name: &str, param: &Tensor) -> Result<Option<State>> {
        let step = self.take(&format!("{name}.step"));
        let mut tensors = vec![];
        for &of in R::STATE {
            let Some(x) = self.take(&format!("{name}.{of}")) else { continue };
            let fits = x.size() == param.size() || x.dim() == 0;
            ensure!(fits, State, "{name}.{of} has shape {:?}, {name} {:?}", x.size(), param.size());
            tensors.push((of, x.to_kind(param.kind()).copy()));
        }
        if step.is_none() && tensors.is_empty() {
            return Ok(None);
        }
        ensure!(step.is_some() == R::COUNTS_STEPS, State, "{name}.step is missing or too much");
        let step = step.map_or(Ok(0.0), f32::try_from)?;
        Ok(Some(State { step, tensors }))
    }
}
