//! `torch.optim.lr_scheduler.ReduceLROnPlateau`.

use std::collections::BTreeMap;

use tch::Tensor;

use super::base::rates;
use crate::defaults::defaults;
use crate::error::{Error, Result};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.ReduceLROnPlateau`: times `factor` once a metric has
/// not become better for more than `patience` steps.
#[derive(Debug)]
#[doc(alias = "ReduceLROnPlateau")]
pub struct ReduceLrOnPlateau {
    settings: PlateauSettings,
    best: f64,
    num_bad_epochs: i64,
    cooldown_counter: i64,
    last_epoch: i64,
    last_lr: Vec<f64>,
}

defaults! {
    /// What [`ReduceLrOnPlateau`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct PlateauSettings {
        /// What is better.
        pub mode: Mode = Mode::Min,
        /// What the rates are multiplied with.
        pub factor: f64 = 0.1,
        /// How many steps without a better metric are borne.
        pub patience: i64 = 10,
        /// By how much a better metric must be better.
        pub threshold: f64 = 1e-4,
        /// Whether the threshold is a part of the best metric.
        pub threshold_mode: ThresholdMode = ThresholdMode::Rel,
        /// For how many steps after a reduction bad ones are not counted.
        pub cooldown: i64 = 0,
        /// No rate gets lower.
        pub min_lr: f64 = 0.0,
        /// Smaller reductions are left out.
        pub eps: f64 = 1e-8,
    }
}

/// `mode` of [`ReduceLrOnPlateau`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// `"min"`: less is better.
    Min,
    /// `"max"`: more is better.
    Max,
}

/// `threshold_mode` of [`ReduceLrOnPlateau`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThresholdMode {
    /// `"rel"`.
    Rel,
    /// `"abs"`.
    Abs,
}

impl ReduceLrOnPlateau {
    /// With these settings; it changes no rate yet.
    pub fn new(optimizer: &dyn ParamGroups, settings: PlateauSettings) -> Self {
        assert!(settings.factor < 1.0, "factor is less than 1");
        let best = if settings.mode == Mode::Min { f64::INFINITY } else { f64::NEG_INFINITY };
        let last_lr = rates(optimizer);
        Self { settings, best, num_bad_epochs: 0, cooldown_counter: 0, last_epoch: 0, last_lr }
    }

    /// `step(metrics)`: takes note of a metric, such as the validation loss.
    pub fn step(&mut self, optimizer: &mut dyn ParamGroups, metrics: f64) {
        self.last_epoch += 1;
        if self.is_better(metrics) {
            self.best = metrics;
            self.num_bad_epochs = 0;
        } else {
            self.num_bad_epochs += 1;
        }
        if self.cooldown_counter > 0 {
            self.cooldown_counter -= 1;
            self.num_bad_epochs = 0;
        }
        if self.num_bad_epochs > self.settings.patience {
            self.reduce_lr(optimizer);
            self.cooldown_counter = self.settings.cooldown;
            self.num_bad_epochs = 0;
        }
        self.last_lr = rates(optimizer);
    }

    /// `get_last_lr`.
    pub fn last_lr(&self) -> &[f64] {
        &self.last_lr
    }

    fn reduce_lr(&self, optimizer: &mut dyn ParamGroups) {
        for (group, old_lr) in rates(optimizer).into_iter().enumerate() {
            let new_lr = old_lr * self.settings.factor;
            let new_lr = if self.settings.min_lr > new_lr { self.settings.min_lr } else { new_lr };
            if old_lr - new_lr > self.settings.eps {
                optimizer.set_lr(group, new_lr);
            }
        }
    }

    fn is_better(&self, a: f64) -> bool {
        let (best, threshold) = (self.best, self.settings.threshold);
        match (self.settings.mode, self.settings.threshold_mode) {
            (Mode::Min, ThresholdMode::Rel) => a < best * (1.0 - threshold),
            (Mode::Min, ThresholdMode::Abs) => a < best - threshold,
            (Mode::Max, ThresholdMode::Rel) => a > best * (threshold + 1.0),
            (Mode::Max, ThresholdMode::Abs) => a > best + threshold,
        }
    }

    /// All that is needed to go on later, as float64 tensors under PyTorch's
    /// names, settings left out.
    pub fn state_dict(&self) -> Vec<(String, Tensor)> {
        let number = |name: &str, x: f64| (name.to_owned(), Tensor::from(x));
        vec![
            number("best", self.best),
            number("num_bad_epochs", self.num_bad_epochs as f64),
            number("cooldown_counter", self.cooldown_counter as f64),
            number("last_epoch", self.last_epoch as f64),
            ("_last_lr".to_owned(), Tensor::from_slice(&self.last_lr)),
        ]
    }

    /// Takes over what [`state_dict`](Self::state_dict) gave, here or in Python.
    pub fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) -> Result<()> {
        let missing = |name: &str| Error::State(format!("no {name}"));
        let tensor = |name: &str| saved.get(name).ok_or_else(|| missing(name));
        let number = |name: &str| Ok::<_, Error>(f64::try_from(tensor(name)?)?);
        let (best, bad) = (number("best")?, number("num_bad_epochs")?);
        let (cooldown, last_epoch) = (number("cooldown_counter")?, number("last_epoch")?);
        self.last_lr = Vec::try_from(tensor("_last_lr")?)?;
        self.best = best;
        self.num_bad_epochs = bad as i64;
        self.cooldown_counter = cooldown as i64;
        self.last_epoch = last_epoch as i64;
        Ok(())
    }
}
