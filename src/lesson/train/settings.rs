//! What a training run depends on; the doc comments are the help.

use anyhow::Result;
use clap::{Args, Command, FromArgMatches};
use serde::Serialize;
use torch_parity::nn::Activation;

use crate::lesson::settings::{
    DATA, TRAINING, Threads, activation, fits, learning_rate, unique, whole,
};

/// The settings of a training run; the defaults are the lesson's.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Train {
    /// Seed of the random numbers for the data and all initial weights, a whole number of 64 bits
    #[arg(long, default_value_t = 0, value_parser = whole::<i64>(i64::MIN..=i64::MAX), allow_negative_numbers = true)]
    pub seed: i64,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub run: Run,
}

/// All settings of a training run but its seed.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Run {
    /// Samples, all of them in one batch, from 1 to 10000000
    #[arg(long, default_value_t = 512, value_parser = whole::<i64>(1..=10_000_000), allow_negative_numbers = true)]
    pub samples: i64,
    /// Inputs of a sample, from 1 to 1000000
    #[arg(long, default_value_t = 10, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub features: i64,
    /// Hidden units, from 1 to 1000000
    #[arg(long, default_value_t = 64, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub hidden: i64,
    /// Steps of the optimizer, each on all samples, from 1 to 1000000
    #[arg(long, help_heading = TRAINING, default_value_t = 50, value_parser = whole::<usize>(1..=1_000_000), allow_negative_numbers = true)]
    pub epochs: usize,
    /// Adam's learning rate, from 0 to 1e37
    #[arg(long, help_heading = TRAINING, default_value_t = 1e-3, value_parser = learning_rate, allow_negative_numbers = true)]
    pub lr: f64,
    /// Activations to train, in this order; `curve --help` lists all
    #[arg(long, value_parser = activation(), value_delimiter = ',', value_name = "NAME,...", hide_possible_values = true, default_value = "sigmoid,tanh,relu")]
    pub activations: Vec<Activation>,
    /// Seed again before each network, so that only the activation differs
    #[arg(long, help_heading = TRAINING)]
    pub same_init: bool,
    #[command(flatten)]
    #[serde(skip)]
    #[allow(missing_docs)]
    pub threads: Threads,
}

impl Default for Train {
    /// As if no flag was given.
    fn default() -> Self {
        let matches = Self::augment_args(Command::new("defaults")).get_matches_from(["defaults"]);
        Self::from_arg_matches(&matches).expect("every setting has a default")
    }
}

impl Run {
    /// Refuses a list that names an activation twice, and sizes that are fine
    /// alone and too large together.
    pub fn validate(&self) -> Result<()> {
        unique("--activations", &self.activations, |activation| activation.name())?;
        fits("--samples times --features", &[self.samples, self.features])?;
        fits("--samples times --hidden", &[self.samples, self.hidden])?;
        fits("--features times --hidden", &[self.features, self.hidden])
    }
}
