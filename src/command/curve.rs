//! `curve`: looks at activations and their derivatives, tells where they
//! saturate.

use anyhow::Result;
use serde::Serialize;
use tanh_parity::cli::RunOf;
use tanh_parity::export::{as_python, to_csv};
use tanh_parity::lesson::curve::{Found, numbers};
use tanh_parity::output::open_outputs;
use tanh_parity::plot;
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::pytorch::float::repr;
use tanh_parity::settings::Curve;
use tch::Tensor;

use super::experiment;

/// Runs the command.
pub fn run(args: &RunOf<Curve>) -> Result<()> {
    let settings = args.settings.validated()?;
    let [csv, plot, trace] =
        open_outputs([&args.outputs.csv, &args.outputs.plot, &args.outputs.trace])?;
    experiment::run(
        settings,
        |(x, curves)| curves.iter().map(|found| summary(x, found)).collect(),
        [
            (csv, |(x, curves)| to_csv(curves.iter().flat_map(|found| rows(x, found)))),
            (plot, |(x, curves)| Ok(plot::curve::draw(x, curves)?.into_bytes())),
        ],
        trace,
    )
}

/// What was found about an activation, in words.
fn summary(x: &Tensor, found: &Found) -> String {
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

fn rows(x: &Tensor, found: &Found) -> Vec<Row> {
    let values = numbers(&found.value).into_iter().zip(numbers(&found.derivative));
    let row = |(x, (value, derivative))| Row { activation: found.activation, x, value, derivative };
    numbers(x).into_iter().zip(values).map(row).collect()
}
