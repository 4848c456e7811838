//! What `signal` prints and writes.

use anyhow::Result;
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

use super::claims::{claims, gradients};
use super::layers::LayerRow;
use super::{Findings, Network, Signal, signal};
use crate::export::to_csv;
use crate::lesson::settings::{fits, unique};
use crate::lesson::{Experiment, File};
use parity::plot::{self, Line, Panel, Scale, look};

impl Experiment for Signal {
    const NAME: &'static str = "signal";
    const ABOUT: &'static str =
        "Measure what flows through deep networks, before and after training";
    const LONG_ABOUT: &'static str = "One hidden layer gives the networks of train.";
    const AFTER_HELP: &'static str = "\
The CSV has a row for each activation, depth and layer, before training (epoch
0) and after: mean and std of the layer's outputs; saturated, the share of them
where the activation is next to flat; dead, the share of units that are so for
every sample; sign_agreement, which is 1 where all outputs of a sample have one
sign; and grad_norm, the norm of the weight's gradient. The output layer, the
last, has a gradient only.

Examples:
  tanh-parity signal
  tanh-parity signal --depths 1,32 --activations tanh --csv -
  tanh-parity signal --epochs 200 --plot signal.svg";

    type Findings = Findings;

    const FILES: &'static [File<Findings>] = &[
        File::csv("signal.csv", |findings| to_csv(&findings.rows)),
        File::plot(
            "signal.svg",
            "By layer of the deepest networks: the weight's gradient, the mean output, and \
                    how far the outputs agree in sign, before training and dashed after it; by \
                    depth, how much of the gradient reaches the first layer",
            |findings| Ok(draw(findings)?.into_bytes()),
        ),
    ];

    fn validate(&self) -> Result<()> {
        self.train.validate()?;
        unique("--depths", &self.depths, i64::to_string)?;
        fits("--hidden times --hidden", &[self.train.run.hidden, self.train.run.hidden])
    }

    fn threads(&self) -> i32 {
        self.train.threads()
    }

    fn steps(&self) -> usize {
        self.depths.len() * self.train.steps()
    }

    fn run(&self, observer: &mut dyn Observer) -> Result<Findings> {
        signal(self, observer)
    }

    /// The gradient's way back, then the lesson's claims.
    fn summary(Findings { networks, rows }: &Findings) -> String {
        let mut lines = gradients(networks);
        lines.push(String::new());
        lines.extend(claims(networks, rows));
        lines.join("\n") + "\n"
    }
}

/// Draws four panels: gradient, mean output and agreement of signs by layer,
/// and the gradient that reaches the first layer by depth.
fn draw(findings: &Findings) -> Result<String> {
    let deepest = findings.networks.iter().map(|network| network.depth).max().unwrap_or(1);
    let panels = [
        Panel {
            title: format!("Gradient by layer, {deepest} hidden"),
            x: "layer (the last is the output)".to_owned(),
            y: "norm of the weight's gradient".to_owned(),
            x_scale: Scale::Whole,
            y_scale: Scale::Log,
            lines: by_layer(findings, deepest, |row| Some(row.grad_norm)),
            ..Panel::default()
        },
        Panel {
            title: "Gradient that reaches the first layer".to_owned(),
            x: "hidden layers".to_owned(),
            y: "share of the output layer's".to_owned(),
            x_scale: Scale::Whole,
            y_scale: Scale::Log,
            lines: by_depth(&findings.networks),
            ..Panel::default()
        },
        Panel {
            title: format!("Mean output by layer, {deepest} hidden"),
            x: "hidden layer".to_owned(),
            y: "mean output".to_owned(),
            x_scale: Scale::Whole,
            lines: by_layer(findings, deepest, |row| row.mean),
            ..Panel::default()
        },
        Panel {
            title: format!("Agreement of signs by layer, {deepest} hidden"),
            x: "hidden layer".to_owned(),
            y: "1: one sign, 0: half and half".to_owned(),
            x_scale: Scale::Whole,
            lines: by_layer(findings, deepest, |row| row.sign_agreement),
            ..Panel::default()
        },
    ];
    plot::draw("What flows through deep networks", &panels, 2, (480, 380))
}

/// Solid before training, dashed after it.
fn line(activation: Activation, trained: bool, points: Vec<(f64, f64)>) -> Line {
    let label = activation.name().to_owned() + if trained { ", trained" } else { "" };
    Line { label, look: look(activation as usize), dashed: trained, points }
}

fn by_layer(findings: &Findings, depth: i64, measure: fn(&LayerRow) -> Option<f64>) -> Vec<Line> {
    let networks = findings.networks.iter().filter(|network| network.depth == depth);
    let lines = networks.flat_map(|network| {
        [false, true].map(|trained| {
            let of_network = findings.rows.iter().filter(|row| {
                (row.activation, row.depth, row.epoch > 0) == (network.activation, depth, trained)
            });
            let point = |row: &LayerRow| Some((row.layer as f64, measure(row)?));
            line(network.activation, trained, of_network.filter_map(point).collect())
        })
    });
    lines.collect()
}

fn by_depth(networks: &[Network]) -> Vec<Line> {
    let of_one_depth = networks.iter().filter(|network| network.depth == networks[0].depth);
    let lines = of_one_depth.flat_map(|&Network { activation, .. }| {
        [false, true].map(|trained| {
            let same = networks.iter().filter(|network| network.activation == activation);
            let mut points: Vec<_> = same
                .map(|network| {
                    let found = if trained { &network.after } else { &network.before };
                    (network.depth as f64, found.grad_share())
                })
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            line(activation, trained, points)
        })
    });
    lines.collect()
}
