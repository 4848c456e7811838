//! What a run of `recurrent` depends on; the doc comments are the help.

use clap::Args;
use serde::Serialize;
use torch_parity::nn::Activation;

use super::CellKind;
use crate::lesson::settings::{DATA, TRAINING, Threads, activation, learning_rate, whole};

/// The settings of `recurrent`, as its flags.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Recurrent {
    /// Seed of the data, and again of every network, a whole number of 64 bits
    #[arg(long, default_value_t = 0, value_parser = whole::<i64>(i64::MIN..=i64::MAX), allow_negative_numbers = true)]
    pub seed: i64,
    /// Sequences, all of them in one batch, from 1 to 10000000
    #[arg(long, default_value_t = 256, value_parser = whole::<i64>(1..=10_000_000), allow_negative_numbers = true)]
    pub samples: i64,
    /// Numbers in an input, from 1 to 1000000; the label is the sign of the first
    /// input's sum
    #[arg(long, default_value_t = 1, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub features: i64,
    /// Size of the hidden state, from 1 to 1000000
    #[arg(long, default_value_t = 32, value_parser = whole::<i64>(1..=1_000_000), allow_negative_numbers = true)]
    pub hidden: i64,
    /// Steps of the optimizer, each on all sequences, from 1 to 1000000
    #[arg(long, help_heading = TRAINING, default_value_t = 100, value_parser = whole::<usize>(1..=1_000_000), allow_negative_numbers = true)]
    pub epochs: usize,
    /// Adam's learning rate, from 0 to 1e37
    #[arg(long, help_heading = TRAINING, default_value_t = 1e-2, value_parser = learning_rate, allow_negative_numbers = true)]
    pub lr: f64,
    /// Lengths of the sequences, in inputs, from 1 to 10000
    #[arg(long, value_delimiter = ',', value_name = "N,...", default_value = "5,10,20,40", value_parser = whole::<i64>(1..=10_000), allow_negative_numbers = true)]
    pub steps: Vec<i64>,
    /// Cells to train
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "rnn,lstm"
    )]
    pub cells: Vec<CellKind>,
    /// Activations to put in tanh's place; `curve --help` lists all
    #[arg(long, value_parser = activation(), value_delimiter = ',', value_name = "NAME,...", hide_possible_values = true, default_value = "tanh,relu,sigmoid")]
    pub activations: Vec<Activation>,
    #[command(flatten)]
    #[serde(skip)]
    #[allow(missing_docs)]
    pub threads: Threads,
}
