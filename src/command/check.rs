//! `check`: our run and Python's, compared.

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use tanh_parity::check;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::settings::whole;
use tanh_parity::lesson::train::Train;
use tanh_parity::output::print;
use torch_parity::compare::Verdict;

use super::experiment::{Room, rooms};
use super::python::{PythonArgs, ToleranceArgs};

/// Flags of `check`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    #[command(flatten)]
    train: Train,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    more: OfTrain,
}

/// Flags of every check.
#[derive(Args)]
struct How {
    #[command(flatten)]
    tolerance: ToleranceArgs,
    #[command(flatten)]
    python: PythonArgs,
}

/// Flags of the check of `train` alone.
#[derive(Args)]
struct OfTrain {
    /// Run this script instead of the twin, and compare the final losses that
    /// it prints as `name: number`
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// After each step, let both sides go on from Python's values: shows each
    /// step's own error, apart from what it inherited
    #[arg(long, conflicts_with = "script")]
    resync: bool,
}

/// Flags of `check all`.
#[derive(Args)]
struct All {
    /// Threads of libtorch; at the lesson's sizes one is fastest
    #[arg(long, default_value_t = 1, value_parser = whole::<i32>(1..=1024), allow_negative_numbers = true)]
    threads: i32,
    #[command(flatten)]
    how: How,
}

const VERDICTS: &str = "Exit status: 0 the runs agree, 1 they differ, 2 trouble.";
const ALL: &str = "all";

/// Adds a command below `check` for each experiment, and one for all.
pub fn with_experiments(check: Command) -> Command {
    let add = |check: Command, room: &Box<dyn Room>| {
        let mut command = How::augment_args(room.with_settings(Command::new(room.name())));
        if room.name() == Train::NAME {
            command = OfTrain::augment_args(command);
        }
        check.subcommand(command.about(room.about()).after_help(VERDICTS))
    };
    let all = All::augment_args(Command::new(ALL))
        .about("Every experiment with its defaults, and one verdict")
        .after_help(VERDICTS);
    rooms().iter().fold(check, add).subcommand(all)
}

/// Runs the command and prints the report.
pub fn run(args: &CheckArgs, flags: &ArgMatches) -> Result<Verdict> {
    let (text, verdict) = match flags.subcommand() {
        None => train(args)?,
        Some((ALL, flags)) => all(flags)?,
        Some((Train::NAME, flags)) => train(&CheckArgs::from_arg_matches(flags)?)?,
        Some((name, flags)) => {
            let room = rooms().into_iter().find(|room| room.name() == name);
            let room = room.expect("these are the commands below check");
            let how = How::from_arg_matches(flags)?;
            let check = room.start_check(flags, &how.python.find())?;
            check.finish(how.tolerance.tolerance())?.report()
        }
    };
    print(text.as_bytes())?;
    Ok(verdict)
}

fn train(CheckArgs { train, how, more }: &CheckArgs) -> Result<(String, Verdict)> {
    train.validate()?;
    let (tolerance, python) = (how.tolerance.tolerance(), how.python.find());
    if let Some(script) = &more.script {
        return check::against_script(train, tolerance, &python, script);
    }
    let check = check::Check::start(train.clone(), &python)?;
    let checked =
        if more.resync { check.finish_resynced(tolerance) } else { check.finish(tolerance) };
    Ok(checked?.report())
}

/// Every experiment with its defaults.
fn all(flags: &ArgMatches) -> Result<(String, Verdict)> {
    let All { threads, how } = All::from_arg_matches(flags)?;
    let python = how.python.find();
    // All twins start before the first of ours runs, so that they import torch
    // at the same time.
    let start = |room: &Box<dyn Room>| {
        let command = room.with_settings(Command::new(ALL));
        let defaults = command.try_get_matches_from([ALL, &format!("--threads={threads}")])?;
        room.start_check(&defaults, &python)
    };
    let started: Vec<_> = rooms().iter().map(start).collect::<Result<_>>()?;
    let tolerance = how.tolerance.tolerance();
    let checked: Vec<_> =
        started.into_iter().map(|check| check.finish(tolerance)).collect::<Result<_>>()?;
    Ok(check::summary(&checked, tolerance))
}
