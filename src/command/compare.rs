//! `compare`: two files.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use parity::compare::{Verdict, compare_inputs};
use tanh_parity::output::Outputs;
use tanh_parity::report::{Comparison, Document};
use torch_parity::trace::Input;

use super::experiment::is_lesson;
use super::options::{CompareOptions, Shown};

/// Flags of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// The actual values
    a: PathBuf,
    /// The expected ones
    b: PathBuf,
    #[command(flatten)]
    options: CompareOptions,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command and prints the report.
pub fn run(args: &CompareArgs) -> Result<Verdict> {
    let mut outputs = Outputs::open(&args.shown.outputs())?;
    let both = Input::read_both([&args.a, &args.b])?;
    let lesson = both[0].about().is_some_and(|about| is_lesson(&about.experiment));
    let options = args.options.options(if lesson { "epoch" } else { "step" })?;
    let report = compare_inputs(["A", "B"], &both, &options)?;
    let listed = args.shown.listed();
    let files = [&args.a, &args.b].map(|path| path.display().to_string());
    let comparison = Comparison::of_files(files, &both, report.outcome(listed));
    let document = Document::new("compare", vec![comparison], None);
    let text = args.shown.with_listing(report.to_string(), &report);
    args.shown.show(&document, text, &mut outputs)?;
    Ok(report.verdict())
}
