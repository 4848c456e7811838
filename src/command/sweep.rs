//! `sweep`: trains many seeds, or takes up the CSV of a sweep, and says what
//! they say; `merge`: joins the shards of a sweep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use clap::Args;
use tanh_parity::export::to_json;
use tanh_parity::lesson::settings::{unique, whole};
use tanh_parity::lesson::train::Run;
use tanh_parity::output::Outputs;
use tanh_parity::progress::counter;
use tanh_parity::sweep::answer::leaders_table;
use tanh_parity::sweep::plan::Plan;
use tanh_parity::sweep::row::SeedRow;
use tanh_parity::sweep::seeds::{Seeds, Shard};
use tanh_parity::sweep::store::{self, Store};
use tanh_parity::sweep::summary::Said;
use tanh_parity::sweep::{self, merge, plot};

use super::options::Plain;

/// Flags of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Seeds: a range without its end, a list such as 3,7,11, or both
    #[arg(long, default_value = "0..100", allow_hyphen_values = true)]
    seeds: Seeds,
    #[command(flatten)]
    run: Run,
    /// Seeds trained at the same time [default: all cores]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=1024), allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Take every N-th seed, from the K-th on: a part of the sweep to `merge`
    #[arg(long, value_name = "K/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Write a row for each seed and activation; go on with it if it is there
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
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
    summary: Vec<PathBuf>,
    /// Print what the seeds say as text, or as json for programs
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Plain::Text, hide_possible_values = true)]
    format: Plain,
    /// Draw how the final losses spread, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Draw the median loss by epoch, with the band of the seeds, as SVG
    #[arg(long, value_name = "FILE")]
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
    let (mut store, mut rows) = match &args.csv {
        Some(path) => {
            let (store, rows) = Store::open(path, &plan)?;
            (Some(store), rows)
        }
        None => (None, Vec::new()),
    };

    let seeds = plan.own_seeds();
    let done = rows.len() / plan.activations.len();
    let cores = || available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or_else(|| (cores() / args.run.threads as usize).max(1));
    let progress = counter("seeds").with_position(done as u64);
    progress.set_length(seeds.len() as u64);
    progress.reset_eta();
    sweep::run(&args.run, &seeds[done..], jobs, |seed_rows| {
        if let Some(store) = &mut store {
            store.append(&seed_rows)?;
        }
        rows.extend(seed_rows);
        progress.inc(1);
        Ok(())
    })?;
    progress.finish_and_clear();
    if let Some(store) = &mut store {
        store.sync()?;
    }
    report(&[(plan, rows)], args.format, plots)
}

/// Opens the plots that were asked for.
fn open_plots(args: &SweepArgs) -> Result<Outputs> {
    Outputs::open(&[(args.plot.as_ref(), "svg"), (args.curves.as_ref(), "svg")])
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
    let sweeps = args.summary.iter().map(|path| store::read(path)).collect::<Result<Vec<_>>>()?;
    for ((plan, _), path) in sweeps.iter().zip(&args.summary) {
        let paths: [&Path; 2] = [&args.summary[0], path];
        sweeps[0].0.refuse_mixture(plan, paths, &["lr"])?;
    }
    report(&sweeps, args.format, plots)
}

/// What is said of each sweep, then which activation leads in each.
fn text(sweeps: &[(Plan, Vec<SeedRow>)], said: &[Said]) -> String {
    let mut text: Vec<_> = said.iter().map(Said::text).collect();
    if sweeps.iter().all(|(_, rows)| !rows.is_empty()) {
        let leaders = sweeps.iter().zip(said);
        let leaders = leaders.map(|((plan, _), said)| (plan.setting("lr"), said.leaders()));
        text.push(leaders_table(&leaders.collect::<Vec<_>>()));
    }
    text.join("\n")
}

/// Prints what the seeds say, and draws what was asked for.
fn report(sweeps: &[(Plan, Vec<SeedRow>)], format: Plain, mut plots: Outputs) -> Result<()> {
    let said: Vec<_> = sweeps.iter().map(|(plan, rows)| Said::new(plan, rows)).collect();
    let text = match format {
        Plain::Text => text(sweeps, &said),
        Plain::Json => to_json("sweep", &BTreeMap::from([("sweeps", said)]))?,
    };
    let (plan, rows) = &sweeps[0];
    ensure!(!rows.is_empty() || !plots.any(), "no seed is done: there is nothing to draw yet");
    let printed = plots.print_beside(&text);
    plots.write(0, || Ok(plot::spread(plan, rows)?.into_bytes()))?;
    plots.write(1, || Ok(plot::curves(plan, rows)?.into_bytes()))?;
    printed
}

/// Runs `merge`, and prints the summary of the whole sweep.
pub fn merge(args: &MergeArgs) -> Result<()> {
    let (plan, rows) = merge::merge(&args.out, &args.shards)?;
    report(&[(plan, rows)], Plain::Text, Outputs::open(&[(None, "svg"), (None, "svg")])?)
}
