//! `compare`: two files.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use tanh_parity::output::print;
use torch_parity::compare::{self, Verdict};
use torch_parity::trace::read_either;

use super::python::ToleranceArgs;

/// Flags of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// The actual values
    a: PathBuf,
    /// The expected ones
    b: PathBuf,
    #[command(flatten)]
    tolerance: ToleranceArgs,
}

/// Runs the command and prints the report.
pub fn run(args: &CompareArgs) -> Result<Verdict> {
    let [a, b] = read_either([&args.a, &args.b])?;
    let report = compare::compare(["A", "B"], &a, &b, args.tolerance.tolerance());
    print(report.to_string().as_bytes())?;
    Ok(report.verdict())
}
