//! `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.

use std::f64::consts::PI;

use super::base::{Base, Counter, LrScheduler, begun, keeps_base};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts` (Loshchilov and Hutter,
/// 2017): down to `eta_min` in `t_0` steps, then from the top, each time in
/// `t_mult` times as many.
#[derive(Debug)]
pub struct CosineAnnealingWarmRestarts {
    base: Base,
    t_0: i64,
    t_mult: i64,
    eta_min: f64,
    t_cur: i64,
    t_i: i64,
}

impl CosineAnnealingWarmRestarts {
    /// PyTorch's defaults of `t_mult` and `eta_min` are 1 and 0.
    pub fn new(optimizer: &mut dyn ParamGroups, t_0: i64, t_mult: i64, eta_min: f64) -> Self {
        assert!(t_0 > 0 && t_mult >= 1, "T_0 and T_mult are positive");
        let base = Base::new(optimizer);
        begun(Self { base, t_0, t_mult, eta_min, t_cur: -1, t_i: t_0 }, optimizer)
    }
}

impl LrScheduler for CosineAnnealingWarmRestarts {
    keeps_base!();

    fn get_lr(&mut self, _: &mut dyn ParamGroups) -> Vec<f64> {
        let cos = (PI * self.t_cur as f64 / self.t_i as f64).cos();
        let lr = |base_lr| self.eta_min + (base_lr - self.eta_min) * (1.0 + cos) / 2.0;
        self.base.base_lrs.iter().map(lr).collect()
    }

    /// Counts no `_step_count`, as PyTorch's does not.
    fn step(&mut self, optimizer: &mut dyn ParamGroups) {
        if self.base.last_epoch < 0 {
            (self.t_cur, self.t_i) = (0, self.t_0);
        } else {
            self.t_cur += 1;
            if self.t_cur >= self.t_i {
                self.t_cur %= self.t_i;
                self.t_i *= self.t_mult;
            }
        }
        self.base.last_epoch = (self.base.last_epoch + 1).max(0);
        let lrs = self.get_lr(optimizer);
        self.set_lrs(optimizer, &lrs);
    }

    fn counters(&mut self) -> Vec<(&'static str, Counter<'_>)> {
        vec![("T_cur", Counter::Whole(&mut self.t_cur)), ("T_i", Counter::Whole(&mut self.t_i))]
    }
}
