//! The largest difference by step and phase: whether it grows, starts late, or
//! stays.

use anyhow::Result;
use torch_parity::compare::Report;

use super::{Line, Panel, Scale, draw, look};

/// Draws error and ULPs of a comparison, each by step, a line for each phase.
pub fn growth(report: &Report) -> Result<String> {
    let growth = report.growth();
    let mut phases: Vec<_> = growth.iter().map(|point| &point.phase).collect();
    phases.dedup();
    let panel = |title: &str, y: &str, value: fn(f64, u64) -> f64| Panel {
        title: title.to_owned(),
        x: "step (0: before training)".to_owned(),
        y: y.to_owned(),
        x_scale: Scale::Whole,
        y_scale: Scale::Log,
        lines: phases
            .iter()
            .enumerate()
            .map(|(i, phase)| {
                let of_phase = growth.iter().filter(|point| point.phase == **phase);
                let point = |p: &torch_parity::compare::Growth| {
                    (p.step as f64, value(p.max_abs, p.max_ulps))
                };
                Line {
                    label: (*phase).clone(),
                    look: look(i),
                    dashed: false,
                    points: of_phase.map(point).collect(),
                }
            })
            .collect(),
        ..Panel::default()
    };
    let panels = [
        panel("Largest error", "absolute difference", |abs, _| abs),
        panel("Largest distance", "units in the last place", |_, ulps| ulps as f64),
    ];
    let [a, b] = &report.sides;
    draw(&format!("Where {a} and {b} differ, by step and phase"), &panels, 2, (480, 380))
}
