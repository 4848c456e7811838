//! `torch.optim.lr_scheduler.LinearLR`.

use super::base::{Base, LrScheduler, begun, keeps_base, rates};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.LinearLR`: the rate's factor goes from
/// `start_factor` to `end_factor` in `total_iters` steps: a warm-up.
#[derive(Debug)]
#[doc(alias = "LinearLR")]
pub struct LinearLr {
    base: Base,
    start_factor: f64,
    end_factor: f64,
    total_iters: i64,
}

impl LinearLr {
    /// PyTorch's defaults are 1/3, 1 and 5.
    pub fn new(
        optimizer: &mut dyn ParamGroups,
        start_factor: f64,
        end_factor: f64,
        total_iters: i64,
    ) -> Self {
        assert!(start_factor > 0.0 && start_factor <= 1.0, "start_factor is in (0, 1]");
        assert!((0.0..=1.0).contains(&end_factor), "end_factor is in [0, 1]");
        begun(Self { base: Base::new(optimizer), start_factor, end_factor, total_iters }, optimizer)
    }
}

impl LrScheduler for LinearLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let Self { base, start_factor, end_factor, total_iters } = self;
        let lrs = rates(optimizer);
        if base.last_epoch == 0 {
            return lrs.iter().map(|lr| lr * *start_factor).collect();
        }
        if base.is_initial || base.last_epoch > *total_iters {
            return lrs;
        }
        let rise = *end_factor - *start_factor;
        let before = *total_iters as f64 * *start_factor + (base.last_epoch - 1) as f64 * rise;
        lrs.iter().map(|lr| lr * (1.0 + rise / before)).collect()
    }

    fn closed_form_lr(&self) -> Option<Vec<f64>> {
        let rise = self.end_factor - self.start_factor;
        let at = self.total_iters.min(self.base.last_epoch) as f64;
        let factor = self.start_factor + rise * at / self.total_iters as f64;
        Some(self.base.base_lrs.iter().map(|lr| lr * factor).collect())
    }
}
