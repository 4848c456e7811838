//! Activations and their derivatives, a panel for each.

use anyhow::Result;
use tch::Tensor;

use super::chart::{self, Line, Panel};
use super::colour;
use crate::lesson::curve::{Found, numbers};

/// Draws f and f' over `x`, (P,); where f is saturated, the ground is grey.
pub fn draw(x: &Tensor, curves: &[Found]) -> Result<String> {
    let panels: Vec<_> = curves.iter().map(|found| panel(x, found)).collect();
    let (columns, size) = if panels.len() == 1 { (1, (800, 430)) } else { (2, (480, 340)) };
    let title = "Activation and derivative (grey: saturated)";
    chart::draw(title, &panels, columns, size)
}

fn panel(x: &Tensor, found: &Found) -> Panel {
    let name = found.activation.name();
    let line = |what, dashed, y: &Tensor| Line {
        label: format!("{name}{what}"),
        colour: colour(found.activation),
        dashed,
        points: numbers(x).into_iter().zip(numbers(y)).collect(),
    };
    let [from, to] =
        [&found.unsaturated_from, &found.unsaturated_to].map(|end| end.double_value(&[]));
    Panel {
        title: String::new(),
        x: "x".to_owned(),
        y: "f(x), f'(x)".to_owned(),
        lines: vec![line("", false, &found.value), line("'", true, &found.derivative)],
        shaded: vec![[f64::NEG_INFINITY, from], [to, f64::INFINITY]],
        ..Panel::default()
    }
}
