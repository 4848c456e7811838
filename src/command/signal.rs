//! `signal`: measures what flows through deep networks, tells which of the
//! lesson's claims hold.

use anyhow::Result;
use tanh_parity::cli::{RunOf, SignalSettingsArgs};
use tanh_parity::export::to_csv;
use tanh_parity::lesson::claims::{claims, gradients};
use tanh_parity::lesson::signal::Findings;
use tanh_parity::output::open_outputs;
use tanh_parity::plot;

use super::experiment;

/// Runs the command.
pub fn run(args: &RunOf<SignalSettingsArgs>) -> Result<()> {
    let settings = args.settings.settings()?;
    let [csv, plot, trace] =
        open_outputs([&args.outputs.csv, &args.outputs.plot, &args.outputs.trace])?;
    experiment::run(
        &settings,
        summary,
        [
            (csv, |findings| to_csv(findings.rows.iter())),
            (plot, |findings| Ok(plot::signal::draw(findings)?.into_bytes())),
        ],
        trace,
    )
}

/// The gradient's way back, then the lesson's claims.
fn summary(Findings { networks, rows }: &Findings) -> String {
    let mut lines = gradients(networks);
    lines.push(String::new());
    lines.extend(claims(networks, rows));
    lines.join("\n") + "\n"
}
