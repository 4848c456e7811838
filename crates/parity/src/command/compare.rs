//! `compare`: two files.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use parity_record::Input;

use super::options::{CompareOptions, Shown};
use crate::compare::{Verdict, compare_inputs};
use crate::output::Outputs;
use crate::report::{Comparison, Document};

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

/// Runs the command and prints the report. What a step is called depends on what was
/// run, which the record says.
pub fn run(args: &CompareArgs, step_word: impl Fn(&str) -> &'static str) -> Result<Verdict> {
    let mut outputs = Outputs::open(&args.shown.outputs())?;
    let both = Input::read_both([&args.a, &args.b])?;
    let step = both[0].about().map_or("step", |about| step_word(&about.experiment));
    let options = args.options.options(step)?;
    let report = compare_inputs(["A", "B"], &both, &options)?;
    let files = [&args.a, &args.b].map(|path| path.display().to_string());
    let outcome = report.outcome(args.shown.listed());
    let comparison = Comparison::of_files(files, &both, outcome);
    let document = Document::new("compare", vec![comparison], None);
    args.shown.show(&document, &mut outputs)?;
    Ok(report.verdict())
}
