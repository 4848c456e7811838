//! `check`: our run and Python's, compared; `compare`: two files.

use anyhow::Result;
use clap::Args;
use tanh_parity::check::{self, Check};
use tanh_parity::cli::{
    self, CheckAllArgs, CheckArgs, CheckCommand, CheckOf, CheckTrainArgs, CompareArgs,
    SettingsArgs, SignalSettingsArgs,
};
use tanh_parity::lesson::Experiment;
use tanh_parity::parity::{self, Verdict};
use tanh_parity::settings::{Curve, Generator, Recurrent};
use tanh_parity::tabular;

/// Runs `check`; returns the report.
pub fn run(args: &CheckArgs) -> Result<(String, Verdict)> {
    match &args.experiment {
        None => train(&args.train),
        Some(CheckCommand::Train(args)) => train(args),
        Some(CheckCommand::Curve(args)) => twin(args, args.settings.validated()?),
        Some(CheckCommand::Signal(args)) => twin(args, &args.settings.settings()?),
        Some(CheckCommand::Recurrent(args)) => twin(args, args.settings.validated()?),
        Some(CheckCommand::Generator(args)) => twin(args, args.settings.validated()?),
        Some(CheckCommand::All(args)) => all(args),
    }
}

fn train(CheckTrainArgs { check, script, resync }: &CheckTrainArgs) -> Result<(String, Verdict)> {
    let settings = check.settings.settings()?;
    let (tolerance, python) = (check.tolerance.tolerance(), check.python.find());
    match script {
        Some(script) => check::against_script(&settings, tolerance, &python, script),
        None if *resync => {
            Ok(Check::start(&settings, &python)?.finish_resynced(tolerance)?.report())
        }
        None => check::against_twin(&settings, tolerance, &python),
    }
}

fn twin<S: Args, E: Experiment>(check: &CheckOf<S>, experiment: &E) -> Result<(String, Verdict)> {
    check::against_twin(experiment, check.tolerance.tolerance(), &check.python.find())
}

/// Every experiment with its defaults.
fn all(args: &CheckAllArgs) -> Result<(String, Verdict)> {
    let threads = args.threads.threads;
    let train = cli::defaults::<SettingsArgs>(threads).settings()?;
    let curve = cli::defaults::<Curve>(threads);
    let signal = cli::defaults::<SignalSettingsArgs>(threads).settings()?;
    let recurrent = cli::defaults::<Recurrent>(threads);
    let generator = cli::defaults::<Generator>(threads);

    // All twins start before the first of ours runs, so that they import torch
    // at the same time.
    let python = args.python.find();
    let train = Check::start(&train, &python)?;
    let curve = Check::start(&curve, &python)?;
    let signal = Check::start(&signal, &python)?;
    let recurrent = Check::start(&recurrent, &python)?;
    let generator = Check::start(&generator, &python)?;

    let tolerance = args.tolerance.tolerance();
    let checked = [
        train.finish(tolerance)?,
        curve.finish(tolerance)?,
        signal.finish(tolerance)?,
        recurrent.finish(tolerance)?,
        generator.finish(tolerance)?,
    ];
    Ok(check::summary(&checked, tolerance))
}

/// Runs `compare`; returns the report.
pub fn compare(args: &CompareArgs) -> Result<(String, Verdict)> {
    let [a, b] = tabular::read_either([&args.a, &args.b])?;
    let report = parity::compare(["A", "B"], &a, &b, args.tolerance.tolerance());
    Ok((report.to_string(), report.verdict()))
}
