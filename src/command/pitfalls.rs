//! `pitfalls`: trains with each mistake, shows where it is found.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use parity::output::Outputs;
use parity::terminal::print;
use tanh_parity::check::python_trace;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::settings::{OUTPUT, nearest, unique};
use tanh_parity::lesson::train::Train;
use tanh_parity::pitfalls::{self, Finding, Pitfall};
use tanh_parity::progress::Progress;
use tanh_parity::python::Twins;
use tanh_parity::threads::refuse_too_many;
use torch_parity::trace::{Kept, Trace};

use parity::command::options::Plain;
use parity::command::python::PythonArgs;

const TRIED: &str = "What is tried";

/// Flags of `pitfalls`.
#[derive(Args, Debug)]
#[command(next_help_heading = TRIED)]
pub struct PitfallsArgs {
    /// Explain this mistake: wrong and right code, and where the runs part
    #[arg(value_parser = pitfall, conflicts_with_all = ["only", "list", "markdown", "csv"])]
    name: Option<&'static Pitfall>,
    #[command(flatten)]
    train: Train,
    /// Try only these mistakes
    #[arg(long, help_heading = TRIED, value_name = "NAME,...", value_delimiter = ',', value_parser = pitfall)]
    only: Vec<&'static Pitfall>,
    /// Only list the mistakes, and where they come from
    #[arg(long, help_heading = TRIED, conflicts_with_all = ["markdown", "csv", "against_python"])]
    list: bool,
    /// Print the table in Markdown
    #[arg(long, help_heading = OUTPUT)]
    markdown: bool,
    /// Print what was found as text, or as json for programs
    #[arg(long, help_heading = OUTPUT, value_enum, value_name = "FORMAT", default_value_t = Plain::Text, hide_possible_values = true, conflicts_with_all = ["markdown", "list"])]
    format: Plain,
    /// Write a row for each mistake (- for standard output)
    #[arg(long, short = 'o', value_name = "FILE", help_heading = OUTPUT)]
    csv: Option<PathBuf>,
    /// Compare with the live Python twins instead of our own right runs
    #[arg(long, help_heading = TRIED)]
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
    refuse_too_many(settings.run.threads.count as usize, 1)?;
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
    let mut outputs = Outputs::open(&[("csv", args.csv.as_ref(), "csv")])?;
    let right = right_runs(&chosen, args)?;
    let findings = examine(&chosen, settings, &right)?;
    let text = match args.name {
        _ if args.format == Plain::Json => pitfalls::json(&findings)?,
        Some(_) => pitfalls::explanation(&findings[0]),
        None if args.markdown => pitfalls::markdown(&findings),
        None => pitfalls::overview(&findings),
    };
    let printed = outputs.print_beside(&text);
    outputs.write("csv", || pitfalls::csv(&findings))?;
    printed?;
    Ok(!findings.iter().any(Finding::is_missed))
}

/// The right run of each port that a chosen mistake is made in, by its name: ours,
/// or Python's.
fn right_runs(chosen: &[&Pitfall], args: &PitfallsArgs) -> Result<BTreeMap<&'static str, Trace>> {
    let settings = &args.train;
    let ports: BTreeMap<_, _> = chosen.iter().map(|it| (it.parts.name(), it.parts)).collect();
    if !args.against_python {
        return ports
            .into_iter()
            .map(|(name, port)| Ok((name, port.right_run(settings)?)))
            .collect();
    }
    let python = Twins::of(args.python.find()).together()?;
    let twins = ports.into_iter().map(|(name, port)| {
        let twin = python.start_twin(name, &port.twin_flags(settings), &Kept::default())?;
        Ok((name, twin))
    });
    let twins: Vec<_> = twins.collect::<Result<_>>()?;
    python.begin();
    twins.into_iter().map(|(name, mut twin)| Ok((name, python_trace(&mut twin)?))).collect()
}

fn examine(
    chosen: &[&'static Pitfall],
    settings: &Train,
    right: &BTreeMap<&str, Trace>,
) -> Result<Vec<Finding>> {
    let steps: usize = chosen.iter().map(|pitfall| pitfall.parts.steps(settings)).sum();
    // Each mistake is trained twice: by itself and resynced.
    let mut progress = Progress::new(2 * steps);
    let examined = chosen.iter().map(|pitfall| {
        pitfalls::examine(pitfall, settings, &right[pitfall.parts.name()], &mut progress)
    });
    examined.collect()
}
