//! What a training run depends on, checked.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use anyhow::{Result, ensure};

use crate::pytorch::activation::Activation;
use crate::pytorch::float::repr;

mod curve;
mod generator;
mod recurrent;
mod signal;

pub use curve::{Curve, share};
pub use generator::{Generator, Last};
pub use recurrent::Recurrent;
pub use signal::Signal;

/// The most values a single tensor may have: half a GiB of float32.
const MOST_VALUES: i64 = 1 << 27;

/// The settings of a training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seed of the one generator that data and networks draw from.
    pub seed: i64,
    /// N, the samples; all of them make one batch.
    pub samples: i64,
    /// D, the inputs of a sample.
    pub features: i64,
    /// H, the hidden units.
    pub hidden: i64,
    /// Steps of the optimizer.
    pub epochs: usize,
    /// Adam's learning rate.
    pub lr: f64,
    /// What is trained, in this order.
    pub activations: Vec<Activation>,
    /// Seed again before each network, so that only the activation differs.
    pub same_init: bool,
    /// libtorch's intra-op threads.
    pub threads: i32,
}

impl Settings {
    /// Refuses what single ranges cannot: a list that names an activation
    /// twice, sizes that are fine alone and too large together.
    pub fn validated(self) -> Result<Self> {
        unique("--activations", &self.activations, |activation| activation.name())?;
        fits("--samples times --features", &[self.samples, self.features])?;
        fits("--samples times --hidden", &[self.samples, self.hidden])?;
        fits("--features times --hidden", &[self.features, self.hidden])?;
        Ok(self)
    }

    /// Everything that the results depend on, as name and text: what the trace
    /// of a run remembers. `threads` is not among it but part of the
    /// environment: at sizes near the lesson's it changes no bit.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        vec![
            ("seed", self.seed.to_string()),
            ("samples", self.samples.to_string()),
            ("features", self.features.to_string()),
            ("hidden", self.hidden.to_string()),
            ("epochs", self.epochs.to_string()),
            ("lr", repr(self.lr)),
            ("activations", joined(&self.activations, |activation| activation.name())),
            ("same_init", self.same_init.to_string()),
        ]
    }
}

/// Refuses a list that names something twice.
pub fn unique<T: PartialEq>(flag: &str, list: &[T], name: fn(&T) -> String) -> Result<()> {
    for (i, item) in list.iter().enumerate() {
        let repeated = list[..i].contains(item);
        ensure!(!repeated, "{flag} names {} twice: name each once", name(item));
    }
    Ok(())
}

/// Refuses a tensor of these sizes, which flags name, if it is too large.
fn fits(flags: &str, sizes: &[i64]) -> Result<()> {
    let values = sizes.iter().product::<i64>();
    ensure!(
        values <= MOST_VALUES,
        "{flags} is {values}: at most {MOST_VALUES} values fit a tensor here"
    );
    Ok(())
}

/// A list as the flag takes it.
fn joined<T>(list: &[T], name: fn(&T) -> String) -> String {
    list.iter().map(name).collect::<Vec<_>>().join(",")
}

/// What Adam accepts as `lr`. Above 1e37 its first step, ten times as large,
/// overflows float32, which PyTorch refuses.
pub fn learning_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(lr) if (0.0..=1e37).contains(&lr) => Ok(lr),
        _ => Err("it is a number from 0 to 1e37".to_owned()),
    }
}

/// Reads whole numbers in `range`.
pub fn whole<T: Copy + Display + FromStr + PartialOrd>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("it is a whole number from {} to {}", range.start(), range.end())),
    }
}
