//! Flags that say what is run, which several commands share.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::pytorch::activation::Activation;
use crate::settings::{Settings, Signal, learning_rate, share, whole};

/// The settings of a training run; the defaults are the lesson's.
#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// Seed of the one generator that data and networks draw from
    #[arg(long, default_value_t = 0, value_parser = whole::<i64>(i64::MIN..=i64::MAX), allow_negative_numbers = true)]
    seed: i64,
    #[command(flatten)]
    run: RunArgs,
}

impl SettingsArgs {
    /// The settings, checked.
    pub fn settings(&self) -> Result<Settings> {
        self.run.settings(self.seed)
    }
}

/// All settings of a training run but its seed.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Samples, all of them in one batch
    #[arg(long, default_value_t = 512, value_parser = whole::<i64>(1..=10_000_000), allow_negative_numbers = true)]
    samples: i64,
    /// Inputs of a sample
    #[arg(long, default_value_t = 10, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    features: i64,
    /// Hidden units
    #[arg(long, default_value_t = 64, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    hidden: i64,
    /// Steps of the optimizer, each on all samples
    #[arg(long, default_value_t = 50, value_parser = whole::<usize>(1..=1_000_000), allow_negative_numbers = true)]
    epochs: usize,
    /// Adam's learning rate, from 0 to 1e37
    #[arg(long, default_value_t = 1e-3, value_parser = learning_rate, allow_negative_numbers = true)]
    lr: f64,
    /// What to train, in this order
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "sigmoid,tanh,relu"
    )]
    activations: Vec<Activation>,
    /// Seed again before each network, so that only the activation differs
    #[arg(long)]
    same_init: bool,
    #[command(flatten)]
    threads: ThreadsArgs,
}

impl RunArgs {
    /// The settings of a run with this seed, checked.
    pub fn settings(&self, seed: i64) -> Result<Settings> {
        Settings {
            seed,
            samples: self.samples,
            features: self.features,
            hidden: self.hidden,
            epochs: self.epochs,
            lr: self.lr,
            activations: self.activations.clone(),
            same_init: self.same_init,
            threads: self.threads.threads,
        }
        .validated()
    }
}

/// How much of the machine to use.
#[derive(Args, Clone, Copy, Debug)]
pub struct ThreadsArgs {
    /// Threads of libtorch; at the lesson's sizes one is fastest
    #[arg(long, default_value_t = 1, value_parser = whole::<i32>(1..=1024), allow_negative_numbers = true)]
    pub threads: i32,
}

/// What an experiment can write.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// Write what was measured as CSV (- for standard output)
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Draw what was measured, as SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Record everything that happens, as .safetensors
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// Flags of an experiment with these settings.
#[derive(Args, Debug)]
pub struct RunOf<S: Args> {
    /// What is run
    #[command(flatten)]
    pub settings: S,
    /// What to write
    #[command(flatten)]
    pub outputs: OutputArgs,
}

/// The settings of `signal`: those of `train`, and two more.
#[derive(Args, Debug)]
pub struct SignalSettingsArgs {
    #[command(flatten)]
    train: SettingsArgs,
    /// Hidden layers, a run for each number
    #[arg(long, value_delimiter = ',', value_name = "N,...", default_value = "1,2,4,8,16", value_parser = whole::<i64>(1..=100), allow_negative_numbers = true)]
    depths: Vec<i64>,
    /// An output is saturated where the activation's slope is below this share
    /// of its largest one, from 0 to 1
    #[arg(long, default_value_t = 0.01, value_parser = share, allow_negative_numbers = true)]
    saturation: f64,
}

impl SignalSettingsArgs {
    /// The settings, checked.
    pub fn settings(&self) -> Result<Signal> {
        let train = self.train.settings()?;
        Signal { train, depths: self.depths.clone(), saturation: self.saturation }.validated()
    }
}

/// An experiment's flags as if none was given but `--threads`.
pub fn defaults<S: Args>(threads: i32) -> S {
    let command = S::augment_args(clap::Command::new("defaults"));
    let matches = command.get_matches_from(["defaults", &format!("--threads={threads}")]);
    S::from_arg_matches(&matches).expect("every flag has a default")
}
