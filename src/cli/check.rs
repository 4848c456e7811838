//! Flags of `check` and `compare`, and those on when values pass and which
//! Python is run.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::{SettingsArgs, SignalSettingsArgs, ThreadsArgs};
use crate::parity::Tolerance;
use crate::python::Python;
use crate::settings::{Curve, Generator, Recurrent, whole};

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

/// Which Python, and for how long.
#[derive(Args, Debug)]
pub struct PythonArgs {
    /// The interpreter [default: the project's .venv, else python3]
    #[arg(
        long,
        value_name = "FILE",
        env = "TANH_PARITY_PYTHON",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().map(PathBuf::from) // which may be empty
    )]
    python: Option<PathBuf>,
    /// Seconds that Python may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = whole::<u64>(1..=1_000_000), allow_negative_numbers = true)]
    timeout: u64,
}

impl PythonArgs {
    /// The interpreter to run.
    pub fn find(&self) -> Python {
        Python::find(self.python.as_deref(), Duration::from_secs(self.timeout))
    }
}
