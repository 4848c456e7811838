//! `sweep`: trains many seeds, or takes up the CSV of a sweep, and says what
//! they say; `merge`: joins the shards of a sweep.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use tanh_parity::cli::{MergeArgs, SweepArgs};
use tanh_parity::output::{Output, open_outputs, print_beside, refuse_overwriting};
use tanh_parity::plot;
use tanh_parity::progress::counter;
use tanh_parity::settings::unique;
use tanh_parity::sweep::answer::leaders;
use tanh_parity::sweep::plan::Plan;
use tanh_parity::sweep::row::Row;
use tanh_parity::sweep::store::{self, Store};
use tanh_parity::sweep::summary::summary;
use tanh_parity::sweep::{self, merge};

/// Runs `sweep`, and prints its summary.
pub fn run(args: &SweepArgs) -> Result<()> {
    if !args.summary.is_empty() {
        return summarise(args);
    }
    let settings = args.run.settings(0)?;
    let plots = open_outputs([&args.plot, &args.curves])?;
    refuse_overwriting(&plots, &own_files(args.csv.as_slice()))?;
    let plan = Plan::new(&settings, args.seeds.clone(), args.shard);
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
    let jobs = args.jobs.unwrap_or_else(|| (cores() / settings.threads as usize).max(1));
    let progress = counter("seeds").with_position(done as u64);
    progress.set_length(seeds.len() as u64);
    progress.reset_eta();
    sweep::run(&settings, &seeds[done..], jobs, |seed_rows| {
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
    report(&[(plan, rows)], plots)
}

/// The CSVs of sweeps, and what is kept beside them.
fn own_files(csvs: &[PathBuf]) -> Vec<PathBuf> {
    csvs.iter().flat_map(|csv| [csv.clone(), Plan::path(csv)]).collect()
}

/// Runs `sweep --summary`.
fn summarise(args: &SweepArgs) -> Result<()> {
    let plots = open_outputs([&args.plot, &args.curves])?;
    refuse_overwriting(&plots, &own_files(&args.summary))?;
    unique("--summary", &args.summary, |path| path.display().to_string())?;
    ensure!(
        args.summary.len() == 1 || plots.iter().all(Option::is_none),
        "a plot shows one sweep: name one CSV after --summary"
    );
    let sweeps = args.summary.iter().map(|path| store::read(path)).collect::<Result<Vec<_>>>()?;
    for ((plan, _), path) in sweeps.iter().zip(&args.summary) {
        let paths: [&Path; 2] = [&args.summary[0], path];
        sweeps[0].0.refuse_mixture(plan, paths, &["lr"])?;
    }
    report(&sweeps, plots)
}

/// Prints the text, and draws what was asked for.
fn report(sweeps: &[(Plan, Vec<Row>)], plots: [Option<Output>; 2]) -> Result<()> {
    let mut text: Vec<_> = sweeps.iter().map(|(plan, rows)| summary(plan, rows)).collect();
    let (plan, rows) = &sweeps[0];
    if sweeps.iter().all(|(_, rows)| !rows.is_empty()) {
        text.push(leaders(sweeps));
    }
    ensure!(
        !rows.is_empty() || plots.iter().all(Option::is_none),
        "no seed is done: there is nothing to draw yet"
    );
    let printed = print_beside(&text.join("\n"), &plots);
    let [spread, curves] = plots;
    if let Some(output) = spread {
        output.write(plot::sweep::spread(plan, rows)?.as_bytes())?;
    }
    if let Some(output) = curves {
        output.write(plot::sweep::curves(plan, rows)?.as_bytes())?;
    }
    printed
}

/// Runs `merge`, and prints the summary of the whole sweep.
pub fn merge(args: &MergeArgs) -> Result<()> {
    let (plan, rows) = merge::merge(&args.out, &args.shards)?;
    report(&[(plan, rows)], [None, None])
}
