//! What a training run depends on, checked.

use anyhow::{Result, ensure};

use crate::pytorch::activation::Activation;
use crate::pytorch::float::repr;

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
        for (i, activation) in self.activations.iter().enumerate() {
            ensure!(
                !self.activations[..i].contains(activation),
                "--activations names {} twice: name each once",
                activation.name()
            );
        }
        for (a, b, sizes) in [
            ("--samples", "--features", [self.samples, self.features]),
            ("--samples", "--hidden", [self.samples, self.hidden]),
            ("--features", "--hidden", [self.features, self.hidden]),
        ] {
            let values = sizes[0] * sizes[1];
            ensure!(
                values <= MOST_VALUES,
                "{a} times {b} is {values}: at most {MOST_VALUES} values fit a tensor here"
            );
        }
        Ok(self)
    }

    /// Everything that the results depend on, as name and text: what the trace
    /// of a run remembers. `threads` is not among it but part of the
    /// environment, since it must not change the results.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let activations: Vec<_> = self.activations.iter().map(|a| a.name()).collect();
        vec![
            ("seed", self.seed.to_string()),
            ("samples", self.samples.to_string()),
            ("features", self.features.to_string()),
            ("hidden", self.hidden.to_string()),
            ("epochs", self.epochs.to_string()),
            ("lr", repr(self.lr)),
            ("activations", activations.join(",")),
            ("same_init", self.same_init.to_string()),
        ]
    }
}
