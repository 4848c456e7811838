//! What a run of `generator` depends on; the doc comments are the help.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::lesson::settings::{DATA, TRAINING, Threads, learning_rate, whole};

/// A decoder's last activation, by its name on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Last {
    /// Into (-1, 1), where the pixels are
    Tanh,
    /// Into (0, 1): the brighter half of them
    Sigmoid,
    /// Anywhere
    None,
}

impl Last {
    /// Its name on the command line, in CSVs and in trace keys.
    pub fn name(self) -> String {
        self.to_possible_value().expect("none is skipped").get_name().to_owned()
    }
}

/// The settings of `generator`, as its flags.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Generator {
    /// Seed of the codes and images, and again of every decoder, a whole number of 64 bits
    #[arg(long, default_value_t = 0, value_parser = whole::<i64>(i64::MIN..=i64::MAX), allow_negative_numbers = true)]
    pub seed: i64,
    /// Images, all of them in one batch, from 1 to 10000
    #[arg(long, default_value_t = 12, value_parser = whole::<i64>(1..=10_000), allow_negative_numbers = true)]
    pub samples: i64,
    /// Numbers in a code, from 1 to 1000000
    #[arg(long, default_value_t = 8, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub features: i64,
    /// Hidden units, from 1 to 1000000
    #[arg(long, default_value_t = 32, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub hidden: i64,
    /// Width and height of an image, in pixels, from 16 to 256
    #[arg(long, default_value_t = 16, value_parser = whole::<i64>(16..=256), allow_negative_numbers = true)]
    pub size: i64,
    /// Steps of the optimizer, each on all images, from 1 to 1000000
    #[arg(long, help_heading = TRAINING, default_value_t = 100, value_parser = whole::<usize>(1..=1_000_000), allow_negative_numbers = true)]
    pub epochs: usize,
    /// Adam's learning rate, from 0 to 1e37
    #[arg(long, help_heading = TRAINING, default_value_t = 1e-2, value_parser = learning_rate, allow_negative_numbers = true)]
    pub lr: f64,
    /// Last activations of the decoders
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "tanh,sigmoid,none"
    )]
    pub last: Vec<Last>,
    #[command(flatten)]
    #[serde(skip)]
    #[allow(missing_docs)]
    pub threads: Threads,
}
