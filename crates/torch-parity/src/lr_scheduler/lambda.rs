//! `torch.optim.lr_scheduler.LambdaLR`.

use std::fmt;

use super::base::{Base, LrScheduler, begun, keeps_base};
use crate::optim::ParamGroups;

/// What to multiply a group's initial rate with at an epoch.
pub type Factor = Box<dyn Fn(i64) -> f64>;

/// `torch.optim.lr_scheduler.LambdaLR`: the initial rates times a function of
/// the epoch.
#[doc(alias = "LambdaLR")]
pub struct LambdaLr {
    base: Base,
    lr_lambdas: Vec<Factor>,
}

impl LambdaLr {
    /// One function for all groups.
    pub fn new(
        optimizer: &mut dyn ParamGroups,
        lr_lambda: impl Fn(i64) -> f64 + Clone + 'static,
    ) -> Self {
        let all = (0..optimizer.groups()).map(|_| Box::new(lr_lambda.clone()) as Factor).collect();
        Self::with_groups(optimizer, all)
    }

    /// A function for each group.
    pub fn with_groups(optimizer: &mut dyn ParamGroups, lr_lambdas: Vec<Factor>) -> Self {
        assert_eq!(lr_lambdas.len(), optimizer.groups(), "a function for each group");
        begun(Self { base: Base::new(optimizer), lr_lambdas }, optimizer)
    }
}

impl fmt::Debug for LambdaLr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaLr").field("base", &self.base).finish_non_exhaustive()
    }
}

impl LrScheduler for LambdaLr {
    keeps_base!();

    fn get_lr(&mut self, _: &mut dyn ParamGroups) -> Vec<f64> {
        let all = self.base.base_lrs.iter().zip(&self.lr_lambdas);
        all.map(|(lr, factor)| lr * factor(self.base.last_epoch)).collect()
    }
}
