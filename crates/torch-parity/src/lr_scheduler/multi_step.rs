//! `torch.optim.lr_scheduler.MultiStepLR`.

use super::base::{Base, LrScheduler, begun, keeps_base, rates};
use crate::optim::{ParamGroups, pow};

/// `torch.optim.lr_scheduler.MultiStepLR`: times `gamma` at each milestone.
#[derive(Debug)]
#[doc(alias = "MultiStepLR")]
pub struct MultiStepLr {
    base: Base,
    milestones: Vec<i64>,
    gamma: f64,
}

impl MultiStepLr {
    /// PyTorch's default of `gamma` is 0.1. A milestone may be given twice.
    pub fn new(optimizer: &mut dyn ParamGroups, milestones: Vec<i64>, gamma: f64) -> Self {
        begun(Self { base: Base::new(optimizer), milestones, gamma }, optimizer)
    }
}

impl LrScheduler for MultiStepLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let epoch = self.base.last_epoch;
        let times = self.milestones.iter().filter(|at| **at == epoch).count();
        let lrs = rates(optimizer);
        if times == 0 {
            return lrs;
        }
        lrs.iter().map(|lr| lr * pow(self.gamma, times as f64)).collect()
    }

    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        let epoch = self.base.last_epoch;
        let times = self.milestones.iter().filter(|at| **at <= epoch).count() as f64;
        Some(self.base.base_lrs.iter().map(|lr| lr * pow(self.gamma, times)).collect())
    }
}
