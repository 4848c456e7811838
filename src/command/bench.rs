//! `bench`: measures both sides, prints and writes what came of it.

use std::env::current_exe;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use parity::output::Outputs;
use parity::progress;
use tanh_parity::bench::{self, Bench};
use tanh_parity::lesson::settings::{OUTPUT, RUNNING, whole};
use tanh_parity::python::Twins;

use parity::command::options::Plain;
use parity::command::python::PythonArgs;

/// Flags of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// How often everything is measured, from 1 to 1000
    #[arg(long, help_heading = RUNNING, default_value_t = 7, value_parser = whole::<usize>(1..=1000), allow_negative_numbers = true)]
    rounds: usize,
    /// Also measure recording, checking and comparing, with a hundredth, a tenth and
    /// all of this many epochs, from 100 to 100000 (5000: 0.7 GB in the temporary
    /// folder, a minute or more a round)
    #[arg(long, help_heading = RUNNING, value_name = "EPOCHS", value_parser = whole::<usize>(100..=100_000), allow_negative_numbers = true)]
    records: Option<usize>,
    /// Records of a network of 10^8 parameters and of 2 GB as well (5 GB in the
    /// temporary folder)
    #[arg(long, help_heading = RUNNING, requires = "records")]
    large: bool,
    /// Print what was measured as text, or as json for programs
    #[arg(long, help_heading = OUTPUT, value_enum, value_name = "FORMAT", default_value_t = Plain::Text, hide_possible_values = true)]
    format: Plain,
    /// Write every number, with its range over the rounds (- for standard
    /// output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    csv: Option<PathBuf>,
    /// Draw how cost grows with samples, hidden units and epochs, and with the
    /// epochs of a record where --records is given, as SVG (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    plot: Option<PathBuf>,
    #[command(flatten)]
    python: PythonArgs,
}

/// Runs the command.
pub fn run(args: &BenchArgs) -> Result<()> {
    let mut outputs =
        Outputs::open(&[("csv", args.csv.as_ref(), "csv"), ("plot", args.plot.as_ref(), "svg")])?;
    let ours = current_exe().context("cannot find this program's file")?;
    let bar = progress::counter("measurements");
    let BenchArgs { rounds, records, large, .. } = *args;
    let bench = Bench::run(&Twins::of(args.python.find()), &ours, rounds, records, large, &bar);
    bar.finish_and_clear();
    let bench = bench?;
    let text = match args.format {
        Plain::Text => bench.to_string(),
        Plain::Json => bench.json()?,
    };
    let printed = outputs.print_beside(&text);
    outputs.write("csv", || bench::csv(bench.rows()))?;
    outputs.write("plot", || Ok(bench::cost(&bench)?.into_bytes()))?;
    printed
}
