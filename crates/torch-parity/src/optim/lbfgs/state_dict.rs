//! Saving and loading of LBFGS.

use std::collections::BTreeMap;

use tch::Tensor;

use super::number::Number;
use super::{Lbfgs, LbfgsSettings, LineSearch, Memory, State};
use crate::error::Result;
use crate::optim::saved::Saved;
use crate::optim::state_dict::saved;
use crate::optim::{Optimizer, ParamGroups};

const GROUP: &str = "param_groups.0";

impl ParamGroups for Lbfgs {
    fn groups(&self) -> usize {
        1
    }

    fn lr(&self, group: usize) -> f64 {
        assert_eq!(group, 0, "LBFGS has one group");
        self.settings.lr
    }

    fn set_lr(&mut self, group: usize, lr: f64) {
        assert_eq!(group, 0, "LBFGS has one group");
        self.settings.lr = lr;
    }

    fn note(&self, _: usize, name: &str) -> Option<f64> {
        self.notes.iter().find_map(|(known, value)| (*known == name).then_some(*value))
    }

    fn set_note(&mut self, _: usize, name: &'static str, value: f64) {
        self.notes.retain(|(known, _)| *known != name);
        self.notes.push((name, value));
    }

    /// As PyTorch, all of it under the first parameter: `func_evals`, `n_iter` and
    /// `prev_loss` as float64, `t` and `H_diag` as float64 where PyTorch has a
    /// number and in the parameters' dtype where it has a tensor, `old_dirs.0`
    /// and so on. `line_search_fn` is 0 for None and 1 for strong Wolfe.
    fn state_dict(&self) -> Vec<(String, Tensor)> {
        let mut all = vec![];
        let first = self.parameters.names().first().cloned().unwrap_or_default();
        let State { func_evals, n_iter, memory } = &self.state;
        let mut push = |name: &str, x: Tensor| all.push((format!("{first}.{name}"), x));
        if *func_evals > 0 {
            push("func_evals", Tensor::from(*func_evals as f64));
            push("n_iter", Tensor::from(*n_iter as f64));
        }
        if let Some(memory) = memory {
            push("d", memory.d.copy());
            push("t", memory.t.to_tensor());
            for (i, old) in memory.old_dirs.iter().enumerate() {
                push(&format!("old_dirs.{i}"), old.copy());
            }
            for (i, old) in memory.old_stps.iter().enumerate() {
                push(&format!("old_stps.{i}"), old.copy());
            }
            for (i, ro) in memory.ro.iter().enumerate() {
                push(&format!("ro.{i}"), ro.to_tensor());
            }
            push("H_diag", memory.h_diag.to_tensor());
            push("prev_flat_grad", memory.prev_flat_grad.copy());
            push("prev_loss", Tensor::from(memory.prev_loss));
        }
        let group = self.param_groups().into_iter().flatten();
        all.extend(group.map(|(name, setting)| (format!("{GROUP}.{name}"), saved(setting))));
        all
    }

    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()> {
        let mut saved = Saved::of(saved);
        let mut setting = |name: &str| saved.float(&format!("{GROUP}.{name}"));
        let settings = LbfgsSettings {
            lr: setting("lr")?,
            max_iter: setting("max_iter")? as usize,
            max_eval: Some(setting("max_eval")? as usize),
            tolerance_grad: setting("tolerance_grad")?,
            tolerance_change: setting("tolerance_change")?,
            history_size: setting("history_size")? as usize,
            line_search_fn: (setting("line_search_fn")? != 0.0).then_some(LineSearch::StrongWolfe),
        };
        let initial_lr = setting("initial_lr").ok();
        let first = self.parameters.names().first().cloned().unwrap_or_default();
        let key = |name: &str| format!("{first}.{name}");
        let mut state = State { func_evals: 0, n_iter: 0, memory: None };
        if saved.has(&key("func_evals")) {
            state.func_evals = saved.float(&key("func_evals"))? as usize;
            state.n_iter = saved.float(&key("n_iter"))? as usize;
        }
        if saved.has(&key("d")) {
            state.memory = Some(Memory {
                d: saved.tensor(&key("d"))?.copy(),
                t: Number::of(saved.tensor(&key("t"))?),
                old_dirs: saved.list(&key("old_dirs"), Tensor::copy),
                old_stps: saved.list(&key("old_stps"), Tensor::copy),
                ro: saved.list(&key("ro"), Number::of),
                h_diag: Number::of(saved.tensor(&key("H_diag"))?),
                prev_flat_grad: saved.tensor(&key("prev_flat_grad"))?.copy(),
                prev_loss: saved.float(&key("prev_loss"))?,
            });
        }
        saved.finish("LBFGS has no")?;
        self.notes = initial_lr.map(|lr| ("initial_lr", lr)).into_iter().collect();
        (self.settings, self.state) = (settings, state);
        Ok(())
    }
}
