//! `torch.optim.lr_scheduler.SequentialLR`.

use std::collections::BTreeMap;
use std::fmt;

use tch::Tensor;

use super::base::{Base, LrScheduler, keeps_base};
use crate::error::{Error, Result};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.SequentialLR`: one schedule up to each milestone, as
/// a warm-up and what follows.
#[doc(alias = "SequentialLR")]
pub struct SequentialLr {
    base: Base,
    schedulers: Vec<Box<dyn LrScheduler>>,
    milestones: Vec<i64>,
}

impl SequentialLr {
    /// Schedulers that were made for this optimizer, in this order, and the
    /// epochs at which the second and later ones begin.
    pub fn new(
        optimizer: &mut dyn ParamGroups,
        schedulers: Vec<Box<dyn LrScheduler>>,
        milestones: Vec<i64>,
    ) -> Self {
        assert_eq!(milestones.len() + 1, schedulers.len(), "a milestone between two schedulers");
        let base = Base { last_epoch: 0, ..Base::new(optimizer) };
        let mut new = Self { base, schedulers, milestones };
        for group in 0..optimizer.groups() {
            let initial_lr = optimizer.note(group, "initial_lr").expect("noted");
            optimizer.set_lr(group, initial_lr);
        }
        new.undo();
        let first = new.at(0);
        new.schedulers[first].initial_step(optimizer);
        new.base.last_lr = new.schedulers[first].last_lr().to_vec();
        new
    }

    /// Whose turn it is at an epoch.
    fn at(&self, epoch: i64) -> usize {
        self.milestones.partition_point(|milestone| *milestone <= epoch)
    }
}

impl fmt::Debug for SequentialLr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SequentialLr");
        debug.field("base", &self.base).field("milestones", &self.milestones);
        debug.finish_non_exhaustive()
    }
}

impl LrScheduler for SequentialLr {
    keeps_base!();

    /// Not called: the schedulers within set the rates.
    fn get_lr(&mut self, _: &mut dyn ParamGroups) -> Vec<f64> {
        unreachable!("step is its own")
    }

    fn step(&mut self, optimizer: &mut dyn ParamGroups) {
        self.base.last_epoch += 1;
        let turn = self.at(self.base.last_epoch);
        let begins = turn > 0 && self.milestones[turn - 1] == self.base.last_epoch;
        let scheduler = &mut self.schedulers[turn];
        if begins {
            scheduler.update_lr(optimizer, Some(0));
        } else {
            scheduler.step(optimizer);
        }
        self.base.last_lr = scheduler.last_lr().to_vec();
    }

    fn undo(&mut self) {
        self.schedulers.iter_mut().for_each(|scheduler| scheduler.undo());
    }

    /// Those within under `_schedulers.0.` and so on.
    fn state_dict(&mut self) -> Vec<(String, Tensor)> {
        let mut all = vec![
            ("last_epoch".to_owned(), Tensor::from(self.base.last_epoch as f64)),
            ("_last_lr".to_owned(), Tensor::from_slice(&self.base.last_lr)),
        ];
        for (i, scheduler) in self.schedulers.iter_mut().enumerate() {
            let inner = scheduler.state_dict().into_iter();
            all.extend(inner.map(|(name, x)| (format!("_schedulers.{i}.{name}"), x)));
        }
        all
    }

    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()> {
        let number = |name: &str| saved.get(name).ok_or_else(|| Error::State(format!("no {name}")));
        let last_epoch = f64::try_from(number("last_epoch")?)?;
        let last_lr = Vec::try_from(number("_last_lr")?)?;
        for (i, scheduler) in self.schedulers.iter_mut().enumerate() {
            let start = format!("_schedulers.{i}.");
            let inner = saved.iter().filter_map(|(name, x)| {
                Some((name.strip_prefix(&start)?.to_owned(), x.shallow_clone()))
            });
            scheduler.load_state_dict(&inner.collect())?;
        }
        self.base.last_epoch = last_epoch as i64;
        self.base.last_lr = last_lr;
        Ok(())
    }
}
