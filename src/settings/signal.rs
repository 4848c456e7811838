//! What a run of `signal` depends on.

use anyhow::Result;

use super::{Settings, fits, joined, unique};
use crate::pytorch::float::repr;

/// The settings of `signal`: those of `train`, and two more.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Those that every depth shares with `train`.
    pub train: Settings,
    /// How many hidden layers, one run for each.
    pub depths: Vec<i64>,
    /// An output is saturated where the activation's slope is below this share
    /// of its largest one.
    pub saturation: f64,
}

impl Signal {
    /// Refuses a list that names a depth twice, and layers that are too large.
    pub fn validated(self) -> Result<Self> {
        unique("--depths", &self.depths, i64::to_string)?;
        fits("--hidden times --hidden", &[self.train.hidden, self.train.hidden])?;
        Ok(self)
    }

    /// Everything that the results depend on, as name and text.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let mut named = self.train.named();
        named.push(("depths", joined(&self.depths, i64::to_string)));
        named.push(("saturation", repr(self.saturation)));
        named
    }
}
