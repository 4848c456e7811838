//! `check`: our run and Python's, compared; `compare`: two files.

use anyhow::Result;
use tanh_parity::cli::{CheckArgs, CompareArgs};
use tanh_parity::parity::{self, Verdict};
use tanh_parity::{check, tabular};

/// Runs `check`; returns the report.
pub fn run(args: &CheckArgs) -> Result<(String, Verdict)> {
    let settings = args.settings.settings()?;
    let tolerance = args.tolerance.tolerance();
    let python = args.python.find();
    match &args.script {
        Some(script) => check::against_script(&settings, tolerance, &python, script),
        None if args.resync => check::resynced_against_twin(&settings, tolerance, &python),
        None => check::against_twin(&settings, tolerance, &python),
    }
}

/// Runs `compare`; returns the report.
pub fn compare(args: &CompareArgs) -> Result<(String, Verdict)> {
    let [a, b] = tabular::read_either([&args.a, &args.b])?;
    let report = parity::compare(["A", "B"], &a, &b, args.tolerance.tolerance());
    Ok((report.to_string(), report.verdict()))
}
