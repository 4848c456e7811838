//! `torch.optim.lr_scheduler.ExponentialLR`.

use super::base::{Base, LrScheduler, begun, keeps_base, rates};
use crate::optim::{ParamGroups, pow};

/// `torch.optim.lr_scheduler.ExponentialLR`: times `gamma` at every step.
#[derive(Debug)]
#[doc(alias = "ExponentialLR")]
pub struct ExponentialLr {
    base: Base,
    gamma: f64,
}

impl ExponentialLr {
    /// Times `gamma` at every step.
    pub fn new(optimizer: &mut dyn ParamGroups, gamma: f64) -> Self {
        begun(Self { base: Base::new(optimizer), gamma }, optimizer)
    }
}

impl LrScheduler for ExponentialLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let lrs = rates(optimizer);
        if self.base.is_initial {
            return lrs;
        }
        lrs.iter().map(|lr| lr * self.gamma).collect()
    }

    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        let epoch = self.base.last_epoch as f64;
        Some(self.base.base_lrs.iter().map(|lr| lr * pow(self.gamma, epoch)).collect())
    }
}
