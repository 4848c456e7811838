//! `torch.optim.lr_scheduler.OneCycleLR`.

use std::f64::consts::PI;

use super::base::{Base, LrScheduler, begun, keeps_base};
use crate::defaults::defaults;
use crate::error::{Result, ensure};
use crate::optim::ParamGroups;

/// `torch.optim.lr_scheduler.OneCycleLR` (Smith and Topin, 2018): the rates up to
/// a maximum and down to almost nothing, momentum or the first beta the other way.
#[derive(Debug)]
#[doc(alias = "OneCycleLR")]
pub struct OneCycleLr {
    base: Base,
    settings: OneCycleSettings,
    total_steps: i64,
}

defaults! {
    /// What [`OneCycleLr`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct OneCycleSettings {
        /// The part of all steps that the rates rise in.
        pub pct_start: f64 = 0.3,
        /// How they rise and fall.
        pub anneal_strategy: Anneal = Anneal::Cos,
        /// Whether momentum, or the first beta, is set too.
        pub cycle_momentum: bool = true,
        /// Where the rates are highest.
        pub base_momentum: f64 = 0.85,
        /// At both ends.
        pub max_momentum: f64 = 0.95,
        /// The first rate is the highest divided by this.
        pub div_factor: f64 = 25.0,
        /// The last rate is the first divided by this.
        pub final_div_factor: f64 = 1e4,
        /// Whether the rates fall to the first as they rose, and to the last then.
        pub three_phase: bool = false,
    }
}

/// `anneal_strategy` of [`OneCycleLr`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anneal {
    /// `"cos"`.
    Cos,
    /// `"linear"`.
    Linear,
}

/// Up to which step, from and to which rate and momentum.
type Phase = (f64, [&'static str; 2], [&'static str; 2]);

impl OneCycleLr {
    /// With PyTorch's defaults, and one highest rate for all groups.
    pub fn new(optimizer: &mut dyn ParamGroups, max_lr: f64, total_steps: i64) -> Result<Self> {
        let max_lrs = vec![max_lr; optimizer.groups()];
        Self::with(optimizer, &max_lrs, total_steps, OneCycleSettings::default())
    }

    /// With these settings, and a highest rate for each group. Refuses to cycle the
    /// momentum of an optimizer that has none.
    pub fn with(
        optimizer: &mut dyn ParamGroups,
        max_lrs: &[f64],
        total_steps: i64,
        settings: OneCycleSettings,
    ) -> Result<Self> {
        assert_eq!(max_lrs.len(), optimizer.groups(), "a highest rate for each group");
        ensure!(
            !settings.cycle_momentum || optimizer.momentum(0).is_some(),
            Setting,
            "cycle_momentum: this optimizer has neither momentum nor betas, so set it to false"
        );
        for (group, &max_lr) in max_lrs.iter().enumerate() {
            let initial_lr = max_lr / settings.div_factor;
            optimizer.set_note(group, "initial_lr", initial_lr);
            optimizer.set_note(group, "max_lr", max_lr);
            optimizer.set_note(group, "min_lr", initial_lr / settings.final_div_factor);
            if settings.cycle_momentum {
                set_momentum(optimizer, group, settings.max_momentum);
                optimizer.set_note(group, "max_momentum", settings.max_momentum);
                optimizer.set_note(group, "base_momentum", settings.base_momentum);
            }
        }
        Ok(begun(Self { base: Base::new(optimizer), settings, total_steps }, optimizer))
    }

    fn phases(&self) -> Vec<Phase> {
        let (total, pct_start) = (self.total_steps as f64, self.settings.pct_start);
        let (max, base) = ("max_momentum", "base_momentum");
        let up = (pct_start * total - 1.0, ["initial_lr", "max_lr"], [max, base]);
        if self.settings.three_phase {
            let down = 2.0 * pct_start * total - 2.0;
            return vec![
                up,
                (down, ["max_lr", "initial_lr"], [base, max]),
                (total - 1.0, ["initial_lr", "min_lr"], [max, max]),
            ];
        }
        vec![up, (total - 1.0, ["max_lr", "min_lr"], [base, max])]
    }

    fn anneal(&self, start: f64, end: f64, pct: f64) -> f64 {
        match self.settings.anneal_strategy {
            Anneal::Cos => end + (start - end) / 2.0 * ((PI * pct).cos() + 1.0),
            Anneal::Linear => (end - start) * pct + start,
        }
    }
}

impl LrScheduler for OneCycleLr {
    keeps_base!();

    fn get_lr(&mut self, optimizer: &mut dyn ParamGroups) -> Vec<f64> {
        let step = self.base.last_epoch;
        assert!(step <= self.total_steps, "step {step} of {} in all", self.total_steps);
        let (step, phases) = (step as f64, self.phases());
        let current = phases.iter().position(|(end, ..)| step <= *end);
        let current = current.unwrap_or(phases.len() - 1);
        let start = if current == 0 { 0.0 } else { phases[current - 1].0 };
        let (end, lr, momentum) = phases[current];
        let pct = (step - start) / (end - start);
        let mut lrs = vec![];
        for group in 0..optimizer.groups() {
            let noted = |name: &str| optimizer.note(group, name).expect("noted by new");
            let between = |[from, to]: [&str; 2]| self.anneal(noted(from), noted(to), pct);
            lrs.push(between(lr));
            if self.settings.cycle_momentum {
                let momentum = between(momentum);
                set_momentum(optimizer, group, momentum);
            }
        }
        lrs
    }
}

/// Of an optimizer that has any.
fn set_momentum(optimizer: &mut dyn ParamGroups, group: usize, momentum: f64) {
    if let Some(known) = optimizer.momentum_mut(group) {
        *known = momentum;
    }
}
