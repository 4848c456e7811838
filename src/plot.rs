//! Rows -> SVG.

pub mod bench;
pub mod chart;
pub mod curve;
pub mod generator;
pub mod recurrent;
pub mod signal;
pub mod sweep;

use anyhow::Result;
use plotters::style::RGBColor;

use self::chart::{Line, Panel};

use crate::pytorch::activation::Activation;

/// The colour of an activation, the same in every plot: Okabe and Ito's set,
/// which colour-blind people can tell apart, then tints of it.
pub fn colour(activation: Activation) -> RGBColor {
    match activation {
        Activation::Sigmoid => RGBColor(230, 159, 0),
        Activation::Tanh => RGBColor(0, 114, 178),
        Activation::Relu => RGBColor(0, 158, 115),
        Activation::LeakyRelu => RGBColor(86, 180, 233),
        Activation::Elu => RGBColor(213, 94, 0),
        Activation::Gelu => RGBColor(204, 121, 167),
        Activation::Silu => RGBColor(0, 0, 0),
        Activation::Softplus => RGBColor(240, 228, 66),
        Activation::Hardtanh => RGBColor(120, 120, 120),
        Activation::Softsign => RGBColor(140, 81, 10),
    }
}

/// The loss of every epoch, a line for each activation.
pub fn loss_curves(runs: &[(Activation, Vec<f64>)]) -> Result<String> {
    let line = |(activation, losses): &(Activation, Vec<f64>)| Line {
        label: activation.name(),
        colour: colour(*activation),
        dashed: false,
        points: (1..).zip(losses).map(|(epoch, &loss)| (f64::from(epoch), loss)).collect(),
    };
    let panel = Panel {
        x: "epoch".to_owned(),
        y: "cross-entropy loss (nats)".to_owned(),
        lines: runs.iter().map(line).collect(),
        ..Panel::default()
    };
    chart::draw("Training loss by epoch", &[panel], 1, (800, 430))
}
