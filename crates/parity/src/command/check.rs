//! `check`: a script and its port, both run, recorded and compared.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::flag::{OUTPUT, RUNNING, Threads, port_words};
use super::options::{CompareOptions, ShownArgs};
use super::python::PythonArgs;
use super::script::ScriptArgs;
use super::why;
use crate::check::{Checked, Digest, port_against_script};
use crate::compare::Verdict;
use crate::output::Outputs;
use crate::report::{Comparison, Document};

const WHAT: &str = "What is compared, and when it passes";

/// Flags of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The PyTorch script, which runs unchanged
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    script: PathBuf,
    /// The port of it, with its own arguments; it records to the file that
    /// TORCH_PARITY_TRACE names
    #[arg(long, value_name = "COMMAND", help_heading = WHAT)]
    port: String,
    #[command(flatten, next_help_heading = WHAT)]
    run: ScriptArgs,
    #[command(flatten)]
    threads: Threads,
    /// Where they differ, run both once more and name the first operation that does
    #[arg(long, help_heading = RUNNING, conflicts_with = "format")]
    why: bool,
    #[command(flatten)]
    comparison: ComparisonArgs,
    #[command(flatten)]
    report: ReportArgs,
    /// Keep the port's record, as .safetensors (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    trace_port: Option<PathBuf>,
    /// Keep the script's record (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    trace_script: Option<PathBuf>,
}

/// How two runs are compared.
#[derive(Args, Debug)]
pub struct ComparisonArgs {
    /// What is compared, and when it passes.
    #[command(flatten)]
    pub options: CompareOptions,
    /// Which Python runs.
    #[command(flatten)]
    pub python: PythonArgs,
}

/// What is shown and kept of one check, the records aside.
#[derive(Args, Debug)]
#[command(next_help_heading = OUTPUT)]
pub struct ReportArgs {
    /// What is shown.
    #[command(flatten)]
    pub shown: ShownArgs,
    /// Compare digests first, then the values of the step in which they part; the
    /// check of an experiment does so by default from 3,000 steps on, unless an output
    /// needs all values
    #[arg(long, conflicts_with_all = ["rtol", "atol", "transpose"])]
    pub digest: bool,
}

/// What the two records are called among the outputs.
const RECORDS: [&str; 2] = ["actual", "expected"];

/// Where the two records go.
pub type Records<'a> = [Option<&'a PathBuf>; 2];

impl ReportArgs {
    /// Whether to compare by digests.
    pub fn digest(&self, comparison: &ComparisonArgs, records: Records) -> Digest {
        let kept = records.iter().any(Option::is_some);
        match () {
            () if self.digest => Digest::Always,
            () if comparison.options.needs_values() || self.shown.draws() || kept => Digest::Never,
            () => Digest::IfLong,
        }
    }

    /// Opens what is to be written.
    pub fn outputs(&self, records: Records) -> Result<Outputs> {
        let mut paths = self.shown.outputs();
        paths.extend(
            RECORDS.into_iter().zip(records).map(|(name, path)| (name, path, "safetensors")),
        );
        Outputs::open(&paths)
    }

    /// Prints the report and writes what was asked for.
    pub fn show(&self, checked: &Checked, mut outputs: Outputs) -> Result<Verdict> {
        let comparison = Comparison::of_check(checked, self.shown.listed());
        let document = Document::new("check", vec![comparison], None);
        let shown = self.shown.show(&document, &mut outputs);
        for (name, trace) in RECORDS.into_iter().zip(&checked.traces) {
            outputs.write(name, || Ok(trace.to_bytes()?))?;
        }
        shown?;
        Ok(checked.report.verdict())
    }
}

/// Runs the command and prints the report.
pub fn run(args: &CheckArgs) -> Result<Verdict> {
    let CheckArgs { script, port, run, threads, comparison, report, .. } = args;
    let outputs = report.outputs([args.trace_port.as_ref(), args.trace_script.as_ref()])?;
    let options = comparison.options.options("step")?;
    let words = run.words()?;
    let port = port_words(port)?;
    let python = comparison.python.find();
    let script = run.script(script, &words, threads.count);
    let checked = port_against_script(script, &port, &python, report.digest, &options)?;
    let verdict = report.show(&checked, outputs)?;
    if args.why && verdict == Verdict::Diverged {
        why::ask(script, &port, &python)?;
    }
    Ok(verdict)
}
