//! What `curve` prints and writes.

use anyhow::{Result, ensure};
use parity::text::repr;
use serde::Serialize;
use tch::Tensor;
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

use super::{Curve, Explored, curve, numbers};
use crate::export::{as_python, to_csv};
use crate::lesson::settings::unique;
use crate::lesson::{Experiment, File};
use parity::plot::{self, Line, Panel, look};

impl Experiment for Curve {
    const NAME: &'static str = "curve";
    const ABOUT: &'static str =
        "Look at activations and their derivatives, and at where they saturate";
    const AFTER_HELP: &'static str = "\
The CSV has the columns activation,x,value,derivative.

Examples:
  tanh-parity curve
  tanh-parity curve --activations tanh,sigmoid,relu --plot curve.svg
  tanh-parity curve --from -4 --to 4 --points 9 --csv -";

    type Findings = (Tensor, Vec<Explored>);

    const FILES: &'static [File<Self::Findings>] = &[
        File::csv("curve.csv", |(x, curves)| {
            to_csv(curves.iter().flat_map(|found| rows(x, found)))
        }),
        File::plot(
            "curve.svg",
            "A panel for each activation over the same inputs: its values, its derivative \
                    dashed, and on grey ground where it is saturated, so that little gradient \
                    comes through",
            |(x, curves)| Ok(draw(x, curves)?.into_bytes()),
        ),
    ];

    fn validate(&self) -> Result<()> {
        ensure!(self.from < self.to, "--from must be less than --to");
        unique("--activations", &self.activations, |activation| activation.name())
    }

    fn threads(&self) -> i32 {
        self.threads.count
    }

    fn steps(&self) -> usize {
        0
    }

    fn run(&self, observer: &mut dyn Observer) -> Result<Self::Findings> {
        curve(self, observer)
    }

    fn summary((x, curves): &Self::Findings) -> String {
        curves.iter().map(|found| summary(x, found)).collect()
    }
}

/// What was found about an activation, in words.
fn summary(x: &Tensor, found: &Explored) -> String {
    let text = |tensor: &Tensor| repr(tensor.double_value(&[]));
    let (low, high) = (&found.unsaturated_from, &found.unsaturated_to);
    let mut sides = Vec::new();
    if low.double_value(&[]) > x.double_value(&[0]) {
        sides.push(format!("below x = {}", text(low)));
    }
    if high.double_value(&[]) < x.double_value(&[-1]) {
        sides.push(format!("above x = {}", text(high)));
    }
    let mut lines = vec![
        format!(
            "{}: lowest {}, highest {}",
            found.activation.name(),
            text(&found.lowest),
            text(&found.highest)
        ),
        format!("  |f(x) + f(-x)|, 0 where it is odd: at most {}", text(&found.oddness)),
        format!(
            "  steepest: derivative {} at x = {}",
            text(&found.steepest),
            text(&found.steepest_x)
        ),
    ];
    let sides = if sides.is_empty() { "nowhere here".to_owned() } else { sides.join(" and ") };
    lines.push(format!("  saturated: {sides}"));
    if let Some((_, error)) = &found.closed_form {
        lines.push(format!("  autograd and 1 - tanh(x)^2: at most {} apart", text(error)));
    }
    lines.join("\n") + "\n"
}

/// A row of the CSV.
#[derive(Serialize)]
struct Row {
    activation: Activation,
    #[serde(serialize_with = "as_python")]
    x: f64,
    #[serde(serialize_with = "as_python")]
    value: f64,
    #[serde(serialize_with = "as_python")]
    derivative: f64,
}

fn rows(x: &Tensor, found: &Explored) -> Vec<Row> {
    let values = numbers(&found.value).into_iter().zip(numbers(&found.derivative));
    let row = |(x, (value, derivative))| Row { activation: found.activation, x, value, derivative };
    numbers(x).into_iter().zip(values).map(row).collect()
}

/// Draws f and f' over `x`, (P,); where f is saturated, the ground is grey.
fn draw(x: &Tensor, curves: &[Explored]) -> Result<String> {
    let panels: Vec<_> = curves.iter().map(|found| panel(x, found)).collect();
    let (columns, size) = if panels.len() == 1 { (1, (800, 430)) } else { (2, (480, 340)) };
    let title = "Activation and derivative (grey: saturated)";
    plot::draw(title, &panels, columns, size)
}

fn panel(x: &Tensor, found: &Explored) -> Panel {
    let name = found.activation.name();
    let line = |what, dashed, y: &Tensor| Line {
        label: format!("{name}{what}"),
        look: look(found.activation as usize),
        dashed,
        points: numbers(x).into_iter().zip(numbers(y)).collect(),
    };
    let [from, to] =
        [&found.unsaturated_from, &found.unsaturated_to].map(|end| end.double_value(&[]));
    Panel {
        x: "x".to_owned(),
        y: "f(x), f'(x)".to_owned(),
        lines: vec![line("", false, &found.value), line("'", true, &found.derivative)],
        shaded: vec![[f64::NEG_INFINITY, from], [to, f64::INFINITY]],
        ..Panel::default()
    }
}
