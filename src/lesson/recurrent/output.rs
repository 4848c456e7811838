//! What `recurrent` prints and writes.

use std::cmp::Ordering;

use anyhow::Result;
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

use super::{CellKind, Finding, Recurrent, recurrent};
use crate::export::to_csv;
use crate::lesson::settings::{fits, unique};
use crate::lesson::{Experiment, File};
use crate::text::{fixed, scientific};
use parity::plot::{self, Line, Panel, Scale, look};

impl Experiment for Recurrent {
    const NAME: &'static str = "recurrent";
    const ABOUT: &'static str = "Train recurrent cells on a task that needs memory";
    const LONG_ABOUT: &'static str = "\
The label of a sequence of random inputs says whether the first of them is \
positive: the network must remember it to the end. It can learn that from the \
part of the loss's gradient that reaches the first input.";
    const AFTER_HELP: &'static str = "\
The CSV has a row for each network: cell, activation, steps (the length); loss
of the last epoch; accuracy and new_accuracy, the shares of training and of new
samples that it gets right, after training; and first_grad_before,
last_grad_before, first_grad_after and last_grad_after, the norms of the loss's
gradient at the first and the last input, before and after training.

Examples:
  tanh-parity recurrent
  tanh-parity recurrent --cells lstm --steps 20 --epochs 300
  tanh-parity recurrent --activations tanh,softsign --csv - --plot recurrent.svg";

    type Findings = Vec<Finding>;

    const FILES: &'static [File<Vec<Finding>>] = &[
        File::csv("recurrent.csv", |findings| to_csv(findings)),
        File::plot(
            "recurrent.svg",
            "By the length of the sequence, a line for each cell and activation: the \
                    gradient that reaches the first input before and after training, the loss, \
                    and the share of new samples that is right",
            |findings| Ok(draw(findings)?.into_bytes()),
        ),
    ];

    fn validate(&self) -> Result<()> {
        unique("--steps", &self.steps, i64::to_string)?;
        unique("--cells", &self.cells, |cell| cell.name())?;
        unique("--activations", &self.activations, |activation| activation.name())?;
        let gates = 4 * self.hidden;
        for &steps in &self.steps {
            let inputs = steps * self.samples;
            fits("--steps times --samples times --features", &[inputs, self.features])?;
            fits("--steps times --samples times 4 times --hidden", &[inputs, gates])?;
        }
        fits("--hidden times 4 times --hidden", &[self.hidden, gates])?;
        fits("--features times 4 times --hidden", &[self.features, gates])
    }

    fn threads(&self) -> i32 {
        self.threads.count
    }

    fn steps(&self) -> usize {
        self.epochs * self.steps.len() * self.cells.len() * self.activations.len()
    }

    fn run(&self, observer: &mut dyn Observer) -> Result<Vec<Finding>> {
        recurrent(self, observer)
    }

    /// Three tables, then whether the lesson is right.
    fn summary(findings: &Vec<Finding>) -> String {
        let mut lines = vec!["gradient at the first input before training, by steps".to_owned()];
        lines.extend(table(findings, |f| format!("{:>7} ", scientific(f.first_grad_before, 0))));
        lines.push("loss after training, by steps".to_owned());
        lines.extend(table(findings, |f| format!("{:>7} ", fixed(f.loss, 4))));
        lines
            .push("share of new samples right after training (guessing: 0.5), by steps".to_owned());
        let star = |f: &Finding| if f.by_heart() { '*' } else { ' ' };
        lines.extend(table(findings, |f| format!("{:>7}{}", fixed(f.new_accuracy, 3), star(f))));
        if findings.iter().any(Finding::by_heart) {
            lines.push("* knows the samples that it was trained on, not the task\n".to_owned());
        }
        lines.extend(
            [CellKind::Rnn, CellKind::Lstm].iter().filter_map(|&cell| verdict(findings, cell)),
        );
        lines.iter().map(|line| line.trim_end_matches(' ').to_owned() + "\n").collect()
    }
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

/// The loss, the accuracy on new samples, and the gradient at the first input.
fn draw(findings: &[Finding]) -> Result<String> {
    let panel = |title: &str, y: &str, y_scale, value: fn(&Finding) -> f64| Panel {
        title: title.to_owned(),
        x: "length of the sequence (inputs)".to_owned(),
        y: y.to_owned(),
        x_scale: Scale::Whole,
        y_scale,
        lines: lines(findings, value),
        ..Panel::default()
    };
    let (grad, loss) = ("norm of the loss's gradient", "cross-entropy (nats)");
    let panels = [
        panel("At the first input, before training", grad, Scale::Log, |f| f.first_grad_before),
        panel("At the first input, after training", grad, Scale::Log, |f| f.first_grad_after),
        panel("Training loss", loss, Scale::Linear, |f| f.loss),
        panel("New samples right (guessing: 0.5)", "share of samples", Scale::Linear, |f| {
            f.new_accuracy
        }),
    ];
    plot::draw("Remembering the first input (gradients of 0 are not drawn)", &panels, 2, (460, 360))
}

/// A line for each cell with each activation; LSTMs are dashed.
fn lines(findings: &[Finding], value: fn(&Finding) -> f64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for finding in findings {
        let label = format!("{} {}", finding.cell.name(), finding.activation.name());
        let point = (finding.steps as f64, value(finding));
        match lines.iter_mut().find(|line| line.label == label) {
            Some(line) => line.points.push(point),
            None => lines.push(Line {
                label,
                look: look(finding.activation as usize),
                dashed: finding.cell == CellKind::Lstm,
                points: vec![point],
            }),
        }
    }
    lines
}
