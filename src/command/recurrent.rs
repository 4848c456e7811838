//! `recurrent`: trains recurrent cells, prints and writes what came of it.

use std::cmp::Ordering;

use anyhow::Result;
use tanh_parity::cli::RunOf;
use tanh_parity::export::to_csv;
use tanh_parity::lesson::recurrent::Finding;
use tanh_parity::output::open_outputs;
use tanh_parity::plot;
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::pytorch::float::{fixed, scientific};
use tanh_parity::pytorch::rnn::CellKind;
use tanh_parity::settings::Recurrent;

use super::experiment;

/// Runs the command.
pub fn run(args: &RunOf<Recurrent>) -> Result<()> {
    let settings = args.settings.validated()?;
    let [csv, plot, trace] =
        open_outputs([&args.outputs.csv, &args.outputs.plot, &args.outputs.trace])?;
    experiment::run(
        settings,
        |findings| summary(findings),
        [
            (csv, |findings| to_csv(findings.iter())),
            (plot, |findings| Ok(plot::recurrent::draw(findings)?.into_bytes())),
        ],
        trace,
    )
}

/// The lines to print: three tables, then whether the lesson is right.
fn summary(findings: &[Finding]) -> String {
    let mut lines = vec!["gradient at the first input before training, by steps".to_owned()];
    lines.extend(table(findings, |f| format!("{:>7} ", scientific(f.first_grad_before, 0))));
    lines.push("loss after training, by steps".to_owned());
    lines.extend(table(findings, |f| format!("{:>7} ", fixed(f.loss, 4))));
    lines.push("share of new samples right after training (guessing: 0.5), by steps".to_owned());
    let star = |f: &Finding| if f.by_heart() { '*' } else { ' ' };
    lines.extend(table(findings, |f| format!("{:>7}{}", fixed(f.new_accuracy, 3), star(f))));
    if findings.iter().any(Finding::by_heart) {
        lines.push("* knows the samples that it was trained on, not the task\n".to_owned());
    }
    lines
        .extend([CellKind::Rnn, CellKind::Lstm].iter().filter_map(|&cell| verdict(findings, cell)));
    lines.iter().map(|line| line.trim_end_matches(' ').to_owned() + "\n").collect()
}

/// A row for each cell and activation, a column for each length; what would be
/// wider than a terminal goes on below.
fn table(findings: &[Finding], text: impl Fn(&Finding) -> String) -> Vec<String> {
    const COLUMNS: usize = 8;
    let networks = networks(findings);
    let mut lines = Vec::new();
    for start in (0..of(findings, networks[0]).count()).step_by(COLUMNS) {
        let columns = |network| of(findings, network).skip(start).take(COLUMNS);
        let header: Vec<_> = columns(networks[0]).map(|f| format!("{:7} ", f.steps)).collect();
        lines.push(" ".repeat(16) + &header.concat());
        for &(cell, activation) in &networks {
            let row: String = columns((cell, activation)).map(&text).collect();
            lines.push(format!("{:5}{:11}{row}", cell.name(), activation.name()));
        }
        lines.push(String::new());
    }
    lines
}

/// Whether tanh is what the lesson says: the activation for this cell.
fn verdict(findings: &[Finding], cell: CellKind) -> Option<String> {
    let reach = |activation| {
        let learned = of(findings, (cell, activation)).filter(|finding| finding.learned());
        learned.map(|finding| finding.steps).max().unwrap_or(0)
    };
    let trained = networks(findings).into_iter().filter(|&(other, _)| other == cell);
    let (tanh, others): (Vec<_>, Vec<_>) =
        trained.map(|(_, activation)| activation).partition(|&a| a == Activation::Tanh);
    // The first of several as good ones, as Python's max has it.
    let other = *others.iter().rev().max_by_key(|&&activation| reach(activation))?;
    let (tanh, best) = (reach(*tanh.first()?), reach(other));
    let holds = match tanh.cmp(&best) {
        Ordering::Greater => "holds",
        Ordering::Equal => "makes no difference",
        Ordering::Less => "does not hold",
    };
    let learned = format!("tanh learned up to {tanh} steps, {} up to {best}", other.name());
    Some(format!("{}: {learned}:\n  the lesson's choice {holds}", cell.name()))
}

/// The cells with their activations, in the order in which they were trained.
fn networks(findings: &[Finding]) -> Vec<(CellKind, Activation)> {
    let mut networks = Vec::new();
    for network in findings.iter().map(|finding| (finding.cell, finding.activation)) {
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks
}

/// What became of one cell with one activation, by length.
fn of(findings: &[Finding], network: (CellKind, Activation)) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(move |finding| (finding.cell, finding.activation) == network)
}
