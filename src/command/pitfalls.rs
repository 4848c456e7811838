//! `pitfalls`: trains with each mistake, shows where it is found.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use tanh_parity::check::Check;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::settings::{OUTPUT, nearest, unique};
use tanh_parity::lesson::train::Train;
use tanh_parity::output::{Outputs, print};
use tanh_parity::pitfalls::{self, Finding, Pitfall};
use tanh_parity::progress::Progress;
use torch_parity::trace::Trace;

use super::python::PythonArgs;

/// Flags of `pitfalls`.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is tried")]
pub struct PitfallsArgs {
    /// Explain this mistake: wrong and right code, and where the runs part
    #[arg(value_parser = pitfall, conflicts_with_all = ["only", "list", "markdown", "csv"])]
    name: Option<&'static Pitfall>,
    #[command(flatten)]
    train: Train,
    /// Try only these mistakes
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = pitfall)]
    only: Vec<&'static Pitfall>,
    /// Only list the mistakes, and where they come from
    #[arg(long, conflicts_with_all = ["markdown", "csv", "against_python"])]
    list: bool,
    /// Print the table in Markdown
    #[arg(long, help_heading = OUTPUT)]
    markdown: bool,
    /// Write a row for each mistake (- for standard output)
    #[arg(long, short = 'o', value_name = "FILE", help_heading = OUTPUT)]
    csv: Option<PathBuf>,
    /// Compare with the live Python twin instead of our own right run
    #[arg(long)]
    against_python: bool,
    #[command(flatten)]
    python: PythonArgs,
}

fn pitfall(name: &str) -> Result<&'static Pitfall, String> {
    pitfalls::all().find(|pitfall| pitfall.name == name).ok_or_else(|| {
        let near = nearest(name, pitfalls::all().map(|pitfall| pitfall.name));
        let hint = near.map_or_else(String::new, |name| format!("did you mean {name}? "));
        format!("no mistake has this name: {hint}`tanh-parity pitfalls --list`")
    })
}

/// Runs the command; returns whether every mistake was found that makes a
/// difference at the settings.
pub fn run(args: &PitfallsArgs) -> Result<bool> {
    let settings = &args.train;
    settings.validate()?;
    let chosen: Vec<_> = match args.name {
        Some(name) => vec![name],
        None if args.only.is_empty() => pitfalls::all().collect(),
        None => args.only.clone(),
    };
    let names: Vec<_> = chosen.iter().map(|pitfall| pitfall.name).collect();
    unique("--only", &names, |name| *name)?;
    if args.list {
        print(pitfalls::list(&chosen).as_bytes())?;
        return Ok(true);
    }
    let mut outputs = Outputs::open(&[(args.csv.as_ref(), "csv")])?;
    let right = if args.against_python {
        Check::start(settings.clone(), &args.python.find())?.python_trace()?
    } else {
        pitfalls::right_run(settings)?
    };
    let findings = examine(&chosen, settings, &right)?;
    let text = match args.name {
        Some(_) => pitfalls::explanation(&findings[0]),
        None if args.markdown => pitfalls::markdown(&findings),
        None => pitfalls::overview(&findings),
    };
    let printed = outputs.print_beside(&text);
    outputs.write(0, || pitfalls::csv(&findings))?;
    printed?;
    Ok(!findings.iter().any(Finding::is_missed))
}

fn examine(chosen: &[&'static Pitfall], settings: &Train, right: &Trace) -> Result<Vec<Finding>> {
    // Each mistake is trained twice: by itself and resynced.
    let mut progress = Progress::new(2 * chosen.len() * settings.steps());
    let examined =
        chosen.iter().map(|pitfall| pitfalls::examine(pitfall, settings, right, &mut progress));
    examined.collect()
}
