//! What became of recurrent cells, by the length of their sequences.

use anyhow::Result;

use super::chart::{self, Line, Panel};
use super::colour;
use crate::lesson::recurrent::Finding;
use crate::pytorch::rnn::CellKind;

/// The loss, the accuracy on new samples, and the gradient at the first input.
pub fn draw(findings: &[Finding]) -> Result<String> {
    let panel = |title: &str, y: &str, log_y, value: fn(&Finding) -> f64| Panel {
        title: title.to_owned(),
        x: "length of the sequence (inputs)".to_owned(),
        y: y.to_owned(),
        log_y,
        lines: lines(findings, value),
        ..Panel::default()
    };
    let (grad, loss) = ("norm of the loss's gradient", "cross-entropy (nats)");
    let panels = [
        panel("At the first input, before training", grad, true, |f| f.first_grad_before),
        panel("At the first input, after training", grad, true, |f| f.first_grad_after),
        panel("Training loss", loss, false, |f| f.loss),
        panel("New samples right (guessing: 0.5)", "share of samples", false, |f| f.new_accuracy),
    ];
    chart::draw(
        "Remembering the first input (gradients of 0 are not drawn)",
        &panels,
        2,
        (460, 360),
    )
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
                colour: colour(finding.activation),
                dashed: finding.cell == CellKind::Lstm,
                points: vec![point],
            }),
        }
    }
    lines
}
