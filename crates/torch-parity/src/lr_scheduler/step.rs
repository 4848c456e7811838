//! `torch.optim.lr_scheduler.StepLR`.

use super::base::{Base, LrScheduler, begun, keeps_base, rates};
use crate::optim::{ParamGroups, pow};

/// `torch.optim.lr_scheduler.StepLR`: times `gamma` every `step_size` steps.
#[derive(Debug)]
#[doc(alias = "StepLR")]
pub struct StepLr {
    base: Base,
    step_size: i64,
    gamma: f64,
}

impl StepLr {
    /// PyTorch's default of `gamma` is 0.1.
    pub fn new(optimizer: &mut dyn ParamGroups, step_size: i64, gamma: f64) -> Self {
        begun(Self { base: Base::new(optimizer), step_size, gamma }, optimizer)
    }
}

impl LrScheduler for StepLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let lrs = rates(optimizer);
        let epoch = self.base.last_epoch;
        if epoch == 0 || epoch.rem_euclid(self.step_size) != 0 {
            return lrs;
        }
        lrs.iter().map(|lr| lr * self.gamma).collect()
    }

    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        let times = self.base.last_epoch.div_euclid(self.step_size) as f64;
        Some(self.base.base_lrs.iter().map(|lr| lr * pow(self.gamma, times)).collect())
    }
}
