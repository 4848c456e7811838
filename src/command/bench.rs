//! `bench`: measures both sides, prints and writes what came of it.

use std::env::current_exe;

use anyhow::{Context, Result};
use tanh_parity::bench::{self, Bench};
use tanh_parity::cli::BenchArgs;
use tanh_parity::output::{open_outputs, print_beside};
use tanh_parity::{plot, progress};

/// Runs the command.
pub fn run(args: &BenchArgs) -> Result<()> {
    let [csv, plot] = open_outputs([&args.csv, &args.plot])?;
    let ours = current_exe().context("cannot find this program's file")?;
    let bar = progress::counter("measurements");
    let bench = Bench::run(&args.python.find(), &ours, args.rounds, &bar);
    bar.finish_and_clear();
    let bench = bench?;
    let printed = print_beside(&bench.to_string(), [&csv, &plot]);
    if let Some(output) = csv {
        output.write(&bench::csv(bench.rows())?)?;
    }
    if let Some(output) = plot {
        output.write(plot::bench::cost_by_size(&bench.growing)?.as_bytes())?;
    }
    printed
}
