//! `bench`: measures both sides, prints and writes what came of it.

use std::env::current_exe;
use std::io::Write;

use anyhow::{Context, Result};
use tanh_parity::bench::{self, Bench};
use tanh_parity::cli::BenchArgs;
use tanh_parity::output::{Output, open_outputs, print};
use tanh_parity::{plot, progress};

/// Runs the command.
pub fn run(args: &BenchArgs) -> Result<()> {
    let [csv, plot] = open_outputs([&args.csv, &args.plot])?;
    // Where an output takes standard output, the report steps aside.
    let stdout_taken = [&csv, &plot].into_iter().flatten().any(|o| matches!(o, Output::Stdout));
    let ours = current_exe().context("cannot find this program's file")?;
    let bar = progress::counter("measurements");
    let bench = Bench::run(&args.python.find(), &ours, args.rounds, &bar);
    bar.finish_and_clear();
    let bench = bench?;
    let report = bench.to_string();
    if stdout_taken {
        let _ = std::io::stderr().write_all(report.as_bytes());
    } else {
        print(report.as_bytes())?;
    }
    if let Some(output) = csv {
        output.write(&bench::csv(bench.rows())?)?;
    }
    if let Some(output) = plot {
        output.write(plot::bench::cost_by_size(&bench.growing)?.as_bytes())?;
    }
    Ok(())
}
