//! `generator`: trains decoders, prints and writes what came of it.

use anyhow::Result;
use tanh_parity::cli::GeneratorArgs;
use tanh_parity::export::to_csv;
use tanh_parity::lesson::generator::{Finding, Findings};
use tanh_parity::output::open_outputs;
use tanh_parity::pytorch::float::fixed;
use tanh_parity::{contact_sheet, plot};

use super::experiment;

/// Runs the command.
pub fn run(args: &GeneratorArgs) -> Result<()> {
    let settings = args.run.settings.validated()?;
    let outputs = &args.run.outputs;
    let [csv, plot, image, trace] =
        open_outputs([&outputs.csv, &outputs.plot, &args.image, &outputs.trace])?;
    experiment::run(
        settings,
        summary,
        [
            (csv, |findings| to_csv(findings.decoders.iter().map(|decoder| &decoder.finding))),
            (plot, |findings| Ok(plot::generator::draw(findings)?.into_bytes())),
            (image, contact_sheet::png),
        ],
        trace,
    )
}

/// The lines to print: a table, then what the last activation decides.
fn summary(findings: &Findings) -> String {
    let all = || findings.decoders.iter().map(|decoder| &decoder.finding);
    let mut lines =
        vec!["last        loss   lowest  highest   clipped  off by (of 255)".to_owned()];
    lines.extend(all().map(row));
    let names = |fulfils: &dyn Fn(&Finding) -> bool| {
        let names: Vec<_> = all().filter(|f| fulfils(f)).map(|f| f.last.name()).collect();
        if names.is_empty() { "no decoder".to_owned() } else { names.join(", ") }
    };
    // One that diverged has no pictures that could be close.
    let sound = || all().filter(|finding| !finding.lowest.is_nan());
    let closest = sound().map(|finding| finding.bytes_off).fold(f64::INFINITY, f64::min);
    lines.extend([
        String::new(),
        format!("in [-1, 1] without clipping: {}", names(&|f| f.out_of_range == 0.0)),
        format!("reach the dark half, below 0: {}", names(&|f| f.lowest < 0.0)),
        format!(
            "closest to the targets: {}",
            names(&|f| !f.lowest.is_nan() && f.bytes_off == closest)
        ),
    ]);
    lines.join("\n") + "\n"
}

fn row(finding: &Finding) -> String {
    format!(
        "{:8}{:>8}{:>9}{:>9}{:>10}{:>17}",
        finding.last.name(),
        fixed(finding.loss, 4),
        fixed(finding.lowest, 3),
        fixed(finding.highest, 3),
        fixed(finding.out_of_range * 100.0, 1) + "%",
        fixed(finding.bytes_off, 1)
    )
}
