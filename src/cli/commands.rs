//! Flags of the other commands.

use std::path::PathBuf;

use clap::Args;

use super::{PythonArgs, RunArgs, RunOf, SettingsArgs};
use crate::pitfalls::{self, Pitfall};
use crate::settings::{Generator, whole};
use crate::sweep::seeds::{Seeds, Shard};

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
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=1024), allow_negative_numbers = true)]
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
    #[arg(long, default_value_t = 7, value_parser = whole::<usize>(1..=1000), allow_negative_numbers = true)]
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
