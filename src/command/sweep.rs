//! `sweep`: trains many seeds, or takes up the CSV of a sweep, and says what
//! they say; `merge`: joins the shards of a sweep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use clap::Args;
use parity::json::to_json;
use parity::output::Outputs;
use parity::progress::counter;
use tanh_parity::lesson::settings::{DATA, OUTPUT, RUNNING, unique, whole};
use tanh_parity::lesson::train::Run;
use tanh_parity::sweep::answer::leaders_table;
use tanh_parity::sweep::columns::Columns;
use tanh_parity::sweep::plan::Plan;
use tanh_parity::sweep::reader::Reader;
use tanh_parity::sweep::seeds::{Seeds, Shard};
use tanh_parity::sweep::store::Store;
use tanh_parity::sweep::summary::Said;
use tanh_parity::sweep::{self, merge, plot};
use tanh_parity::threads::refuse_too_many;

use parity::command::options::Plain;

/// Flags of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Seeds: a range such as 0..100, which ends at 99, a list such as 3,7,11, or
    /// both
    #[arg(long, help_heading = DATA, default_value = "0..100", allow_hyphen_values = true)]
    seeds: Seeds,
    #[command(flatten)]
    run: Run,
    /// Seeds trained at the same time, from 1 to 1024 [default: all cores]
    #[arg(long, help_heading = RUNNING, value_name = "N", value_parser = whole::<usize>(1..=1024), allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Take every N-th seed, from the K-th on, K from 1 to N: a part of the sweep to `merge`
    #[arg(long, help_heading = RUNNING, value_name = "K/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Write a row for each seed and activation; if the file is there, go on with it
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    csv: Option<PathBuf>,
    /// Train nothing: summarise CSVs of sweeps that differ at most in their lr
    #[arg(
        long,
        help_heading = "Instead of training",
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = [
            "seeds", "samples", "features", "hidden", "epochs", "lr", "activations", "same_init",
            "threads", "jobs", "shard", "csv",
        ]
    )]
    summary: Vec<PathBuf>,
    /// Print what the seeds say as text, or as json for programs
    #[arg(long, help_heading = OUTPUT, value_enum, value_name = "FORMAT", default_value_t = Plain::Text, hide_possible_values = true)]
    format: Plain,
    /// Draw how the final losses spread, as SVG (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    plot: Option<PathBuf>,
    /// Draw the median loss by epoch, with the band of the seeds, as SVG (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    curves: Option<PathBuf>,
}

/// Flags of `merge`.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The CSV to write
    out: PathBuf,
    /// The CSVs of all shards
    #[arg(required = true)]
    shards: Vec<PathBuf>,
}

/// Runs `sweep`, and prints its summary.
pub fn run(args: &SweepArgs) -> Result<()> {
    if !args.summary.is_empty() {
        return summarise(args);
    }
    args.run.validate()?;
    let plots = open_plots(args)?;
    plots.refuse_overwriting(&own_files(args.csv.as_slice()))?;
    let plan = Plan::new(&args.run, args.seeds.clone(), args.shard);
    let threads = args.run.threads.count as usize;
    let cores = || available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or_else(|| jobs(cores(), threads));
    refuse_too_many(threads, jobs.min(plan.own_count()))?;
    let mut columns = Columns::new(&plan, args.csv.as_deref());
    let store = args.csv.as_ref().map(|path| Store::open(path, &plan, |rows| columns.push(rows)));
    let mut store = store.transpose()?;

    let done = columns.seeds();
    let seeds: Vec<_> = plan.own_seeds().skip(done).collect();
    let progress = counter("seeds").with_position(done as u64);
    progress.set_length(plan.own_count() as u64);
    progress.reset_eta();
    sweep::run(&args.run, &seeds, jobs, |rows| {
        if let Some(store) = &mut store {
            store.append(&rows)?;
        }
        columns.push(&rows)?;
        progress.inc(1);
        Ok(())
    })?;
    progress.finish_and_clear();
    if let Some(store) = &mut store {
        store.sync()?;
    }
    report(&[(plan, columns)], args.format, plots)
}

/// How many networks are trained at a time where nobody says: one for each core, or
/// as many as their threads leave.
fn jobs(cores: usize, threads: usize) -> usize {
    (cores / threads).max(1)
}

/// Opens the plots that were asked for.
fn open_plots(args: &SweepArgs) -> Result<Outputs> {
    Outputs::open(&[("plot", args.plot.as_ref(), "svg"), ("curves", args.curves.as_ref(), "svg")])
}

/// The CSVs of sweeps, and what is kept beside them.
fn own_files(csvs: &[PathBuf]) -> Vec<PathBuf> {
    csvs.iter().flat_map(|csv| [csv.clone(), Plan::path(csv)]).collect()
}

/// Runs `sweep --summary`.
fn summarise(args: &SweepArgs) -> Result<()> {
    let plots = open_plots(args)?;
    plots.refuse_overwriting(&own_files(&args.summary))?;
    unique("--summary", &args.summary, |path| path.display().to_string())?;
    ensure!(
        args.summary.len() == 1 || !plots.any(),
        "a plot shows one sweep: name one CSV after --summary"
    );
    let sweeps = args.summary.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    for ((plan, _), path) in sweeps.iter().zip(&args.summary) {
        let paths: [&Path; 2] = [&args.summary[0], path];
        sweeps[0].0.refuse_mixture(plan, paths, &["lr"])?;
    }
    report(&sweeps, args.format, plots)
}

/// Reads the CSV of a sweep, and what its rows hold.
fn read(path: &Path) -> Result<(Plan, Columns)> {
    let mut reader = Reader::open(path)?;
    let mut columns = Columns::new(&reader.plan, Some(path));
    for rows in &mut reader {
        columns.push(&rows?)?;
    }
    Ok((reader.plan, columns))
}

/// What is said of each sweep, then which activation leads in each.
fn text(sweeps: &[(Plan, Columns)], said: &[Said]) -> String {
    let mut text: Vec<_> = said.iter().map(Said::text).collect();
    // Who leads is said of whole sweeps.
    if said.iter().all(|said| !said.leaders().is_empty()) {
        let leaders = sweeps.iter().zip(said);
        let leaders = leaders.map(|((plan, _), said)| (plan.setting("lr"), said.leaders()));
        text.push(leaders_table(&leaders.collect::<Vec<_>>()));
    }
    text.join("\n")
}

/// Prints what the seeds say, and draws what was asked for.
fn report(sweeps: &[(Plan, Columns)], format: Plain, mut plots: Outputs) -> Result<()> {
    let said = sweeps.iter().map(|(plan, columns)| Said::new(plan, columns));
    let said = said.collect::<Result<Vec<_>>>()?;
    let text = match format {
        Plain::Text => text(sweeps, &said),
        Plain::Json => to_json("sweep", &BTreeMap::from([("sweeps", said)]))?,
    };
    let (plan, columns) = &sweeps[0];
    ensure!(columns.seeds() > 0 || !plots.any(), "no seed is done: there is nothing to draw yet");
    let printed = plots.print_beside(&text);
    plots.write("plot", || Ok(plot::spread(plan, columns)?.into_bytes()))?;
    plots.write("curves", || Ok(plot::curves(plan, columns)?.into_bytes()))?;
    printed
}

/// Runs `merge`, and prints the summary of the whole sweep.
pub fn merge(args: &MergeArgs) -> Result<()> {
    let merged = merge::merge(&args.out, &args.shards)?;
    report(
        &[merged],
        Plain::Text,
        Outputs::open(&[("plot", None, "svg"), ("curves", None, "svg")])?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_and_their_threads_are_as_many_as_there_are_cores() {
        for (cores, threads, expected) in
            [(8, 1, 8), (8, 2, 4), (8, 3, 2), (8, 8, 1), (2, 4, 1), (1, 1, 1)]
        {
            assert_eq!(jobs(cores, threads), expected, "{cores} cores, {threads} threads");
        }
    }
}
