//! What flows through deep networks: by layer of the deepest, and by depth.

use anyhow::Result;

use super::chart::{self, Line, Panel};
use super::colour;
use crate::lesson::layers::Row;
use crate::lesson::signal::{Findings, Network};
use crate::pytorch::activation::Activation;

/// Draws four panels: gradient, mean output and agreement of signs by layer,
/// and the gradient that reaches the first layer by depth.
pub fn draw(findings: &Findings) -> Result<String> {
    let deepest = findings.networks.iter().map(|network| network.depth).max().unwrap_or(1);
    let panels = [
        Panel {
            title: format!("Gradient by layer, {deepest} hidden"),
            x: "layer (the last is the output)".to_owned(),
            y: "norm of the weight's gradient".to_owned(),
            log_y: true,
            lines: by_layer(findings, deepest, |row| Some(row.grad_norm)),
            bands: vec![],
            shaded: vec![],
        },
        Panel {
            title: "Gradient that reaches the first layer".to_owned(),
            x: "hidden layers".to_owned(),
            y: "share of the output layer's".to_owned(),
            log_y: true,
            lines: by_depth(&findings.networks),
            bands: vec![],
            shaded: vec![],
        },
        Panel {
            title: format!("Mean output by layer, {deepest} hidden"),
            x: "hidden layer".to_owned(),
            y: "mean output".to_owned(),
            lines: by_layer(findings, deepest, |row| row.mean),
            ..Panel::default()
        },
        Panel {
            title: format!("Agreement of signs by layer, {deepest} hidden"),
            x: "hidden layer".to_owned(),
            y: "1: one sign, 0: half and half".to_owned(),
            lines: by_layer(findings, deepest, |row| row.sign_agreement),
            ..Panel::default()
        },
    ];
    chart::draw("What flows through deep networks", &panels, 2, (480, 380))
}

/// Solid before training, dashed after it.
fn line(activation: Activation, trained: bool, points: Vec<(f64, f64)>) -> Line {
    let label = activation.name() + if trained { ", trained" } else { "" };
    Line { label, colour: colour(activation), dashed: trained, points }
}

fn by_layer(findings: &Findings, depth: i64, measure: fn(&Row) -> Option<f64>) -> Vec<Line> {
    let networks = findings.networks.iter().filter(|network| network.depth == depth);
    let lines = networks.flat_map(|network| {
        [false, true].map(|trained| {
            let of_network = findings.rows.iter().filter(|row| {
                (row.activation, row.depth, row.epoch > 0) == (network.activation, depth, trained)
            });
            let point = |row: &Row| Some((row.layer as f64, measure(row)?));
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
