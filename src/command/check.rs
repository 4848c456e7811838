//! `check`: our run and Python's, compared.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::parser::ValueSource;
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
    /// Record this copy of the lesson's script instead of the twin; settings
    /// that are not given are taken from the record
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The script's own arguments, as a shell would split them
    #[arg(long, value_name = "ARGS", requires = "script", allow_hyphen_values = true)]
    script_args: Option<String>,
    /// Run this port of the script instead of our lesson: it records to the file
    /// that TORCH_PARITY_TRACE names
    #[arg(long, value_name = "COMMAND", requires = "script")]
    port: Option<String>,
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
        None => train(args, flags)?,
        Some((ALL, flags)) => all(flags)?,
        Some((Train::NAME, flags)) => train(&CheckArgs::from_arg_matches(flags)?, flags)?,
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

fn train(
    CheckArgs { train, how, more }: &CheckArgs,
    flags: &ArgMatches,
) -> Result<(String, Verdict)> {
    train.validate()?;
    let (tolerance, python) = (how.tolerance.tolerance(), how.python.find());
    if let Some(script) = &more.script {
        let args = split(more.script_args.as_deref().unwrap_or_default(), "--script-args")?;
        if let Some(port) = &more.port {
            let port = split(port, "--port")?;
            return check::port_against_script(script, &args, &port, &python, tolerance);
        }
        let settings = |told: Result<Train>| given_first(train, told, flags);
        return check::against_script(script, &args, &python, settings, tolerance);
    }
    let check = check::Check::start(train.clone(), &python)?;
    let checked =
        if more.resync { check.finish_resynced(tolerance) } else { check.finish(tolerance) };
    Ok(checked?.report())
}

/// The words of a command, as a shell would split them.
fn split(text: &str, flag: &str) -> Result<Vec<OsString>> {
    let words = shlex::split(text).with_context(|| format!("{flag} {text}: close the quotes"))?;
    Ok(words.into_iter().map(OsString::from).collect())
}

/// The settings that a record tells, but those that flags give.
fn given_first(given: &Train, told: Result<Train>, flags: &ArgMatches) -> Result<Train> {
    let is_given = |flag: &str| flags.value_source(flag) == Some(ValueSource::CommandLine);
    let mut train = told?;
    let Train { seed, run } = given.clone();
    macro_rules! take {
        ($($name:ident)*) => {
            $(if is_given(stringify!($name)) { train.run.$name = run.$name; })*
        };
    }
    take!(samples features hidden epochs lr activations same_init threads);
    if is_given("seed") {
        train.seed = seed;
    }
    train.validate()?;
    Ok(train)
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
