//! What all schedulers share: `LRScheduler`.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use crate::error::{Error, Result, ensure};
use crate::optim::ParamGroups;

/// What `LRScheduler` keeps, under its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The rates that the schedule is about, of each group.
    pub base_lrs: Vec<f64>,
    /// How many steps there were, less one before the first.
    pub last_epoch: i64,
    /// `_step_count`.
    pub step_count: i64,
    /// `_last_lr`.
    pub last_lr: Vec<f64>,
    /// `_is_initial`: during the step that the constructor takes.
    pub is_initial: bool,
}

impl Base {
    /// `LRScheduler.__init__` up to its first step: each group notes its rate as
    /// `initial_lr`, unless a scheduler did so before.
    pub fn new(optimizer: &mut dyn ParamGroups) -> Self {
        let mut base_lrs = vec![];
        for group in 0..optimizer.groups() {
            let lr = optimizer.note(group, "initial_lr").unwrap_or(optimizer.lr(group));
            optimizer.set_note(group, "initial_lr", lr);
            base_lrs.push(lr);
        }
        Self { base_lrs, last_epoch: -1, step_count: 0, last_lr: vec![], is_initial: false }
    }
}

/// `torch.optim.lr_scheduler.LRScheduler`: sets the learning rates of an
/// optimizer's groups, the first ones when it is made. Step it after the
/// optimizer, with the optimizer that it was made for.
pub trait LrScheduler {
    /// What all schedulers keep.
    fn base(&self) -> &Base;

    /// The same, to be changed.
    fn base_mut(&mut self) -> &mut Base;

    /// `get_lr`: the rates at `last_epoch`, from those before.
    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64>;

    /// `_get_closed_form_lr`, for schedules that have one.
    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        None
    }

    /// `step`: goes on to the next rates.
    fn step(&mut self, optimizer: &mut dyn ParamGroups) {
        self.base_mut().step_count += 1;
        self.update_lr(optimizer, None);
    }

    /// `get_last_lr`: the rates that it set last.
    fn last_lr(&self) -> &[f64] {
        &self.base().last_lr
    }

    /// `_initial_step`.
    fn initial_step(&mut self, optimizer: &mut dyn ParamGroups) {
        self.base_mut().step_count = 0;
        self.base_mut().is_initial = true;
        self.step(optimizer);
        self.base_mut().is_initial = false;
    }

    /// `_update_lr`: the rates of the next epoch, or of this one.
    fn update_lr(&mut self, optimizer: &mut dyn ParamGroups, epoch: Option<i64>) {
        self.base_mut().last_epoch = epoch.unwrap_or(self.base().last_epoch + 1);
        let closed = epoch.and_then(|_| self.closed_form_lr());
        let lrs = closed.unwrap_or_else(|| self.get_lr(optimizer));
        self.set_lrs(optimizer, &lrs);
    }

    /// Sets the rates of all groups.
    fn set_lrs(&mut self, optimizer: &mut dyn ParamGroups, lrs: &[f64]) {
        for (group, lr) in lrs.iter().enumerate() {
            optimizer.set_lr(group, *lr);
        }
        self.base_mut().last_lr = rates(optimizer);
    }

    /// Takes back the step of the constructor, of this and of those within, for
    /// [`SequentialLr`](super::SequentialLr).
    fn undo(&mut self) {
        self.base_mut().last_epoch -= 1;
    }

    /// What else is to be saved, under PyTorch's names.
    fn counters(&mut self) -> Vec<(&'static str, Counter<'_>)> {
        vec![]
    }

    /// All that is needed to go on later, as float64 tensors under PyTorch's
    /// names; settings are not in it, and the optimizer has its own.
    fn state_dict(&mut self) -> Vec<(String, Tensor)> {
        let Base { base_lrs, last_epoch, step_count, last_lr, .. } = self.base().clone();
        let mut all = vec![
            ("base_lrs".to_owned(), Tensor::from_slice(&base_lrs)),
            ("last_epoch".to_owned(), Tensor::from(last_epoch as f64)),
            ("_step_count".to_owned(), Tensor::from(step_count as f64)),
            ("_last_lr".to_owned(), Tensor::from_slice(&last_lr)),
        ];
        for (name, counter) in self.counters() {
            let value = match counter {
                Counter::Float(x) => *x,
                Counter::Whole(x) => *x as f64,
            };
            all.push((name.to_owned(), Tensor::from(value)));
        }
        all
    }

    /// Takes over what [`state_dict`](Self::state_dict) gave, here or in Python.
    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()> {
        let list = |name: &str| {
            let x = saved.get(name).ok_or_else(|| Error::State(format!("no {name}")))?;
            ensure!(x.kind() == Kind::Double, State, "{name} is float64, not {:?}", x.kind());
            Ok(Vec::<f64>::try_from(x.reshape([-1]))?)
        };
        let number = |name: &str| {
            let numbers = list(name)?;
            ensure!(numbers.len() == 1, State, "{name} is one number");
            Ok(numbers[0])
        };
        *self.base_mut() = Base {
            base_lrs: list("base_lrs")?,
            last_epoch: number("last_epoch")? as i64,
            step_count: number("_step_count")? as i64,
            last_lr: list("_last_lr")?,
            is_initial: false,
        };
        for (name, counter) in self.counters() {
            match counter {
                Counter::Float(x) => *x = number(name)?,
                Counter::Whole(x) => *x = number(name)? as i64,
            }
        }
        Ok(())
    }
}

/// The methods of a [`LrScheduler`] that keeps its base in a field of that name.
macro_rules! keeps_base {
    () => {
        fn base(&self) -> &$crate::lr_scheduler::Base {
            &self.base
        }

        fn base_mut(&mut self) -> &mut $crate::lr_scheduler::Base {
            &mut self.base
        }
    };
}
pub(super) use keeps_base;

/// A scheduler once it has taken the step of its constructor.
pub(super) fn begun<S: LrScheduler>(mut new: S, optimizer: &mut dyn ParamGroups) -> S {
    new.initial_step(optimizer);
    new
}

/// What a scheduler keeps beyond the base.
#[derive(Debug)]
pub enum Counter<'a> {
    /// A Python float.
    Float(&'a mut f64),
    /// A Python int.
    Whole(&'a mut i64),
}

/// The rates of all groups.
pub fn rates(optimizer: &dyn ParamGroups) -> Vec<f64> {
    (0..optimizer.groups()).map(|group| optimizer.lr(group)).collect()
}
