//! Every flag; the doc comments are the help.

// Backticks would show up in the help.
#![allow(clippy::doc_markdown)]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, value_parser};

use crate::parity::Tolerance;
use crate::pitfalls::{self, Pitfall};
use crate::python::Python;
use crate::pytorch::activation::Activation;
use crate::settings::{Curve, Generator, Recurrent, Settings, Signal, learning_rate, share};
use crate::sweep::seeds::{Seeds, Shard};

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
}

/// The settings of a training run; the defaults are the lesson's.
#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// Seed of the one generator that data and networks draw from
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
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
    #[arg(long, default_value_t = 512, value_parser = value_parser!(i64).range(1..=10_000_000))]
    samples: i64,
    /// Inputs of a sample
    #[arg(long, default_value_t = 10, value_parser = value_parser!(i64).range(1..=1_000_000))]
    features: i64,
    /// Hidden units
    #[arg(long, default_value_t = 64, value_parser = value_parser!(i64).range(1..=1_000_000))]
    hidden: i64,
    /// Steps of the optimizer, each on all samples
    #[arg(long, default_value_t = 50, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
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

/// How much of the machine to use.
#[derive(Args, Clone, Copy, Debug)]
pub struct ThreadsArgs {
    /// Threads of libtorch; at the lesson's sizes one is fastest
    #[arg(long, default_value_t = 1, value_parser = value_parser!(i32).range(1..=1024))]
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

/// Flags of `train`.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// What is trained
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Write the final losses: activation,final_loss (- for standard output)
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the loss of every epoch: activation,epoch,loss (or -)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Draw the loss of every epoch, as SVG (or -)
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Record everything that happens, as .safetensors (or -)
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
    #[arg(long, value_delimiter = ',', value_name = "N,...", default_value = "1,2,4,8,16", value_parser = value_parser!(i64).range(1..=100))]
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

/// Flags of `generator`.
#[derive(Args, Debug)]
pub struct GeneratorArgs {
    /// What is trained
    #[command(flatten)]
    pub run: RunOf<Generator>,
    /// Write the first 12 pictures as PNG: the targets above each decoder's; then
    /// once more, clipped pixels orange where too bright and blue where too dark
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
}

/// When values pass as equal.
#[derive(Args, Debug)]
pub struct ToleranceArgs {
    /// Allow a relative error, as torch.testing.assert_close [with --atol: 1.3e-6]
    #[arg(long, value_parser = tolerance, allow_negative_numbers = true)]
    rtol: Option<f64>,
    /// Allow an absolute error, as torch.testing.assert_close [with --rtol: 1e-5]
    #[arg(long, value_parser = tolerance, allow_negative_numbers = true)]
    atol: Option<f64>,
}

impl ToleranceArgs {
    /// None asks for equal bits; of one given alone, the other has its default.
    pub fn tolerance(&self) -> Option<Tolerance> {
        let default = Tolerance::default();
        (self.rtol.is_some() || self.atol.is_some()).then(|| Tolerance {
            rtol: self.rtol.unwrap_or(default.rtol),
            atol: self.atol.unwrap_or(default.atol),
        })
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err("it is a number from 0 on".to_owned()),
    }
}

/// Flags of `check`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    /// What to check
    #[command(subcommand)]
    pub experiment: Option<CheckCommand>,
    /// Flags of train
    #[command(flatten)]
    pub train: CheckTrainArgs,
}

const VERDICTS: &str = "Exit status: 0 the runs agree, 1 they differ, 2 trouble.";

/// What can be checked.
#[derive(Debug, Subcommand)]
pub enum CheckCommand {
    /// The lesson's training run, the same as with no experiment named
    #[command(after_help = VERDICTS)]
    Train(CheckTrainArgs),
    /// The activations' curves
    #[command(after_help = VERDICTS)]
    Curve(CheckOf<Curve>),
    /// What flows through deep networks
    #[command(after_help = VERDICTS)]
    Signal(CheckOf<SignalSettingsArgs>),
    /// The recurrent cells
    #[command(after_help = VERDICTS)]
    Recurrent(CheckOf<Recurrent>),
    /// The decoders that make pictures
    #[command(after_help = VERDICTS)]
    Generator(CheckOf<Generator>),
    /// Every experiment with its defaults, and one verdict
    #[command(after_help = VERDICTS)]
    All(CheckAllArgs),
}

/// Flags of `check train`.
#[derive(Args, Debug)]
pub struct CheckTrainArgs {
    /// What is checked, and how
    #[command(flatten)]
    pub check: CheckOf<SettingsArgs>,
    /// Run this script instead of the twin, and compare the final losses that
    /// it prints as `name: number`
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// After each step, let both sides go on from Python's values: shows each
    /// step's own error, apart from what it inherited
    #[arg(long, conflicts_with = "script")]
    pub resync: bool,
}

/// Flags of the check of an experiment with these settings.
#[derive(Args, Debug)]
pub struct CheckOf<S: Args> {
    /// The experiment
    #[command(flatten)]
    pub settings: S,
    /// When values pass as equal
    #[command(flatten)]
    pub tolerance: ToleranceArgs,
    /// Which Python
    #[command(flatten)]
    pub python: PythonArgs,
}

/// Flags of `check all`.
#[derive(Args, Debug)]
pub struct CheckAllArgs {
    /// How much of the machine to use
    #[command(flatten)]
    pub threads: ThreadsArgs,
    /// When values pass as equal
    #[command(flatten)]
    pub tolerance: ToleranceArgs,
    /// Which Python
    #[command(flatten)]
    pub python: PythonArgs,
}

/// An experiment's flags as if none was given but `--threads`.
pub fn defaults<S: Args>(threads: i32) -> S {
    let command = S::augment_args(clap::Command::new("defaults"));
    let matches = command.get_matches_from(["defaults", &format!("--threads={threads}")]);
    S::from_arg_matches(&matches).expect("every flag has a default")
}

/// Which Python, and for how long.
#[derive(Args, Debug)]
pub struct PythonArgs {
    /// The interpreter [default: the project's .venv, else python3]
    #[arg(long, value_name = "FILE", env = "TANH_PARITY_PYTHON", hide_env_values = true)]
    python: Option<PathBuf>,
    /// Seconds that Python may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=1_000_000))]
    timeout: u64,
}

impl PythonArgs {
    /// The interpreter to run.
    pub fn find(&self) -> Python {
        Python::find(self.python.as_deref(), Duration::from_secs(self.timeout))
    }
}

/// Flags of `pitfalls`.
#[derive(Args, Debug)]
pub struct PitfallsArgs {
    /// Explain this mistake: wrong and right code, and where the runs part
    #[arg(value_parser = pitfall, conflicts_with_all = ["only", "list", "markdown", "csv"])]
    pub name: Option<&'static Pitfall>,
    /// What is trained
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Try these mistakes only
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = pitfall)]
    pub only: Vec<&'static Pitfall>,
    /// Only list the mistakes, and where they come from
    #[arg(long, conflicts_with_all = ["markdown", "csv", "against_python"])]
    pub list: bool,
    /// Print the README's table
    #[arg(long)]
    pub markdown: bool,
    /// Write a row for each mistake (- for standard output)
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Compare with the live Python twin instead of our own right run
    #[arg(long)]
    pub against_python: bool,
    /// Which Python
    #[command(flatten)]
    pub python: PythonArgs,
}

fn pitfall(name: &str) -> Result<&'static Pitfall, String> {
    pitfalls::all()
        .find(|pitfall| pitfall.name == name)
        .ok_or_else(|| "no mistake has this name: `tanh-parity pitfalls --list`".to_owned())
}

/// Flags of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// The actual values
    pub a: PathBuf,
    /// The expected ones
    pub b: PathBuf,
    /// When values pass as equal
    #[command(flatten)]
    pub tolerance: ToleranceArgs,
}

/// Flags of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Seeds: a range without its end, a list such as 3,7,11, or both
    #[arg(long, default_value = "0..100", allow_hyphen_values = true)]
    pub seeds: Seeds,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArgs,
    /// Seeds trained at the same time [default: all cores]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub jobs: Option<usize>,
    /// Take every N-th seed, from the K-th on: a part of the sweep to `merge`
    #[arg(long, value_name = "K/N", default_value_t = Shard::WHOLE)]
    pub shard: Shard,
    /// Write a row for each seed and activation; go on with it if it is there
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Train nothing: summarise CSVs of sweeps that differ at most in their lr
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = [
            "seeds", "samples", "features", "hidden", "epochs", "lr", "activations", "same_init",
            "threads", "jobs", "shard", "csv",
        ]
    )]
    pub summary: Vec<PathBuf>,
    /// Draw how the final losses spread, as SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Draw the median loss by epoch, with the band of the seeds, as SVG
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
}

/// Flags of `merge`.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The CSV to write
    pub out: PathBuf,
    /// The CSVs of all shards
    #[arg(required = true)]
    pub shards: Vec<PathBuf>,
}

/// Flags of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// How often everything is measured
    #[arg(long, default_value_t = 7, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub rounds: usize,
    /// Write every number, with its range over the rounds (- for standard
    /// output)
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Draw how cost grows with samples, hidden units and epochs, as SVG (or -)
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Which Python
    #[command(flatten)]
    pub python: PythonArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
