//! How decoders learned, and which values their pixels have.

use anyhow::Result;
use plotters::style::RGBColor;
use tch::Tensor;

use super::chart::{self, Line, Panel};
use super::colour;
use crate::lesson::generator::Findings;
use crate::pytorch::activation::Activation;
use crate::settings::Last;

const NONE: RGBColor = RGBColor(0, 0, 0);
const TARGET: RGBColor = RGBColor(150, 150, 150);

/// The loss of every epoch, and the pixels' values from the lowest up.
pub fn draw(findings: &Findings) -> Result<String> {
    let colour = |last| match last {
        Last::Tanh => colour(Activation::Tanh),
        Last::Sigmoid => colour(Activation::Sigmoid),
        Last::None => NONE,
    };
    let line = |last: Last, points| Line {
        label: last.name(),
        colour: colour(last),
        dashed: false,
        points,
    };
    let losses = findings.decoders.iter().map(|decoder| {
        let points = (1..).zip(&decoder.losses).map(|(epoch, &loss)| (f64::from(epoch), loss));
        line(decoder.finding.last, points.collect())
    });
    let mut values: Vec<_> = findings
        .decoders
        .iter()
        .map(|decoder| line(decoder.finding.last, sorted(&decoder.output)))
        .collect();
    values.push(Line {
        label: "target".to_owned(),
        colour: TARGET,
        dashed: true,
        points: sorted(&findings.targets),
    });
    let panels = [
        Panel {
            title: "Training loss".to_owned(),
            x: "epoch".to_owned(),
            y: "mean squared error".to_owned(),
            log_y: true,
            lines: losses.collect(),
            ..Panel::default()
        },
        Panel {
            title: "All pixels, sorted".to_owned(),
            x: "share of pixels below the value (%)".to_owned(),
            y: "value before clipping".to_owned(),
            lines: values,
            ..Panel::default()
        },
    ];
    chart::draw("Decoders by last activation", &panels, 2, (460, 400))
}

/// The values of `x` in ascending order, each with the percentage below it.
fn sorted(x: &Tensor) -> Vec<(f64, f64)> {
    let (ascending, _) = x.flatten(0, -1).sort(0, false);
    let values = Vec::<f32>::try_from(ascending).expect("they are float32");
    let percent = 100.0 / values.len() as f64;
    (0..).zip(values).map(|(i, value)| (f64::from(i) * percent, f64::from(value))).collect()
}
