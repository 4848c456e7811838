//! Every flag; the doc comments are the help.

// Backticks would show up in the help.
#![allow(clippy::doc_markdown)]

mod check;
mod commands;
mod settings;

use clap::{Parser, Subcommand};

pub use self::check::{
    CheckAllArgs, CheckArgs, CheckCommand, CheckOf, CheckTrainArgs, CompareArgs, PythonArgs,
    ToleranceArgs,
};
pub use self::commands::{BenchArgs, GeneratorArgs, MergeArgs, PitfallsArgs, SweepArgs, TrainArgs};
pub use self::settings::{
    OutputArgs, RunArgs, RunOf, SettingsArgs, SignalSettingsArgs, ThreadsArgs, defaults,
};
use crate::settings::{Curve, Recurrent};

/// A PyTorch lesson on activation functions, in Rust, held to Python bit for bit
///
/// Trains the lesson's network with sigmoid, tanh and relu over libtorch, and
/// checks the whole run against the same run in Python.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit status: 0 fine, 1 the runs differ, 2 trouble (bad usage, no Python, an
unreadable file), as with cmp and diff.";

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train the networks and print their final losses
    #[command(after_help = "\
Examples:
  tanh-parity train
  tanh-parity train --activations tanh,relu --same-init --history -
  tanh-parity train --epochs 500 --plot losses.svg")]
    Train(TrainArgs),
    /// Look at activations and their derivatives, and at where they saturate
    #[command(after_help = "\
The CSV has the columns activation,x,value,derivative.

Examples:
  tanh-parity curve
  tanh-parity curve --activations tanh,sigmoid,relu --plot curve.svg
  tanh-parity curve --from -4 --to 4 --points 9 --csv -")]
    Curve(RunOf<Curve>),
    /// Measure what flows through deep networks, before and after training
    ///
    /// One hidden layer gives the networks of train.
    #[command(after_help = "\
The CSV has a row for each layer, before training (epoch 0) and after: mean and
std of its outputs; saturated, the share of them where the activation is next to
flat; dead, the share of units that are so for every sample; sign_agreement,
which is 1 where all outputs of a sample have one sign; and grad_norm, the norm
of the weight's gradient. The output layer, the last, has a gradient only.

Examples:
  tanh-parity signal
  tanh-parity signal --depths 1,32 --activations tanh --csv -
  tanh-parity signal --epochs 200 --plot signal.svg")]
    Signal(RunOf<SignalSettingsArgs>),
    /// Train recurrent cells on a task that needs memory
    ///
    /// The label of a sequence of random inputs says whether the first of them
    /// is positive: the network must remember it to the end. It can learn that
    /// from the part of the loss's gradient that reaches the first input.
    #[command(after_help = "\
The CSV has a row for each network: cell, activation, steps (the length); loss
of the last epoch; accuracy and new_accuracy, the shares of training and of new
samples that it gets right, after training; and the norms of the loss's gradient
at the first and the last input, before and after training.

Examples:
  tanh-parity recurrent
  tanh-parity recurrent --cells lstm --steps 20 --epochs 300
  tanh-parity recurrent --activations tanh,softsign --csv - --plot recurrent.svg")]
    Recurrent(RunOf<Recurrent>),
    /// Train decoders that make pictures and differ in their last activation
    ///
    /// Each turns fixed random codes into drawn images with pixels in [-1, 1].
    /// Denormalised, pixel x is the grey (x + 1) / 2 * 255; what was outside
    /// [-1, 1] is clipped.
    #[command(after_help = "\
The CSV has a row for each decoder: last; loss of the last epoch; lowest and
highest, its extreme outputs after training; out_of_range, the share of pixels
outside [-1, 1]; and bytes_off, the mean distance from the target's bytes.

Examples:
  tanh-parity generator --image generator.png
  tanh-parity generator --epochs 10 --image early.png --csv -
  tanh-parity generator --last tanh --samples 24 --hidden 256 --size 32")]
    Generator(GeneratorArgs),
    /// Run an experiment in Rust and in Python, compare everything bit for bit
    ///
    /// With no experiment named, it is train, with train's flags.
    #[command(after_help = "\
Examples:
  tanh-parity check
  tanh-parity check --seed 7 --activations gelu --threads 2
  tanh-parity check --script lesson.py
  tanh-parity check all

Exit status: 0 the runs agree, 1 they differ, 2 trouble.")]
    Check(Box<CheckArgs>),
    /// Compare two traces (.safetensors) or two CSVs
    #[command(after_help = "\
Examples:
  tanh-parity compare rust.safetensors python.safetensors
  tanh-parity compare losses.csv golden.csv --rtol 1.3e-6

Exit status: 0 they agree, 1 they differ, 2 trouble.")]
    Compare(CompareArgs),
    /// Train with each classic porting mistake and show which checks notice it
    #[command(after_help = "\
Examples:
  tanh-parity pitfalls
  tanh-parity pitfalls fused-adam
  tanh-parity pitfalls --only tch-adam,powi --epochs 200
  tanh-parity pitfalls --against-python --csv pitfalls.csv

Exit status: 0 every mistake that makes a difference at the settings is found,
1 one is not, 2 trouble.")]
    Pitfalls(PitfallsArgs),
    /// Train many seeds and say whether the lesson's claim holds
    #[command(after_help = "\
Examples:
  tanh-parity sweep --seeds 0..1000 --csv sweep.csv --plot spread.svg
  tanh-parity sweep --seeds 0..1000 --csv part2.csv --shard 2/4
  tanh-parity sweep --summary sweep.csv --curves curves.svg

The CSV grows by whole seeds. Interrupted, the same command goes on where it
stopped; the settings are kept beside it, in sweep.csv.json.")]
    Sweep(SweepArgs),
    /// Join the CSVs of all shards of a sweep
    #[command(after_help = "\
Example:
  tanh-parity merge sweep.csv part1.csv part2.csv part3.csv part4.csv

The bytes are those of the sweep run in one piece.")]
    Merge(MergeArgs),
    /// Measure time and memory in Rust and in Python, in turn
    #[command(after_help = "\
Examples:
  tanh-parity bench
  tanh-parity bench --rounds 15 --csv bench.csv --plot bench.svg

Takes one to two minutes. On a busy machine trust the ratios, and more rounds.")]
    Bench(BenchArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
