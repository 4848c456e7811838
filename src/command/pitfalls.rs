//! `pitfalls`: trains with each mistake, shows where it is found.

use anyhow::Result;
use tanh_parity::check::Check;
use tanh_parity::cli::PitfallsArgs;
use tanh_parity::lesson::Experiment;
use tanh_parity::output::{open_outputs, print, print_beside};
use tanh_parity::pitfalls::{self, Finding, Pitfall};
use tanh_parity::progress::Progress;
use tanh_parity::settings::{Settings, unique};
use tanh_parity::trace::Trace;

/// Runs the command; returns whether every mistake was found that makes a
/// difference at the settings.
pub fn run(args: &PitfallsArgs) -> Result<bool> {
    let settings = args.settings.settings()?;
    let chosen: Vec<_> = match args.name {
        Some(name) => vec![name],
        None if args.only.is_empty() => pitfalls::all().collect(),
        None => args.only.clone(),
    };
    let names: Vec<_> = chosen.iter().map(|pitfall| pitfall.name).collect();
    unique("--only", &names, |&name| name.to_owned())?;
    if args.list {
        print(pitfalls::list(&chosen).as_bytes())?;
        return Ok(true);
    }
    let [csv] = open_outputs([&args.csv])?;
    let right = if args.against_python {
        Check::start(&settings, &args.python.find())?.python_trace()?
    } else {
        pitfalls::right_run(&settings)
    };
    let findings = examine(&chosen, &settings, &right);
    let text = match args.name {
        Some(_) => pitfalls::explanation(&findings[0]),
        None if args.markdown => pitfalls::markdown(&findings),
        None => pitfalls::overview(&findings),
    };
    let printed = print_beside(&text, [&csv]);
    if let Some(output) = csv {
        output.write(&pitfalls::csv(&findings)?)?;
    }
    printed?;
    Ok(!findings.iter().any(Finding::is_missed))
}

fn examine(chosen: &[&'static Pitfall], settings: &Settings, right: &Trace) -> Vec<Finding> {
    // Each mistake is trained twice: by itself and resynced.
    let mut progress = Progress::new(2 * chosen.len() * settings.steps());
    let examined =
        chosen.iter().map(|pitfall| pitfalls::examine(pitfall, settings, right, &mut progress));
    examined.collect()
}
