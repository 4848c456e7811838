//! `torch.optim.lr_scheduler.CosineAnnealingLR`.

use std::f64::consts::PI;

use super::base::{Base, LrScheduler, begun, keeps_base, rates};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.CosineAnnealingLR` (Loshchilov and Hutter, 2017):
/// down to `eta_min` in `t_max` steps, and up again.
#[derive(Debug)]
#[doc(alias = "CosineAnnealingLR")]
pub struct CosineAnnealingLr {
    base: Base,
    t_max: i64,
    eta_min: f64,
}

impl CosineAnnealingLr {
    /// PyTorch's default of `eta_min` is 0.
    pub fn new(optimizer: &mut dyn ParamGroups, t_max: i64, eta_min: f64) -> Self {
        begun(Self { base: Base::new(optimizer), t_max, eta_min }, optimizer)
    }
}

impl LrScheduler for CosineAnnealingLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let Self { base, t_max, eta_min } = self;
        let (epoch, eta_min, t) = (base.last_epoch, *eta_min, *t_max as f64);
        let lrs = rates(optimizer);
        if base.is_initial {
            return lrs;
        }
        if (epoch - 1 - *t_max).rem_euclid(2 * *t_max) == 0 {
            let cos = (PI / t).cos();
            let both = base.base_lrs.iter().zip(lrs);
            return both.map(|(base, lr)| lr + (base - eta_min) * (1.0 - cos) / 2.0).collect();
        }
        let now = 1.0 + (PI * epoch as f64 / t).cos();
        let before = 1.0 + (PI * (epoch - 1) as f64 / t).cos();
        lrs.iter().map(|lr| now / before * (lr - eta_min) + eta_min).collect()
    }

    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        let cos = (PI * self.base.last_epoch as f64 / self.t_max as f64).cos();
        let lr = |base_lr| self.eta_min + (base_lr - self.eta_min) * (1.0 + cos) / 2.0;
        Some(self.base.base_lrs.iter().map(lr).collect())
    }
}
