//! The largest difference by step and phase: whether it grows, starts late, or
//! stays.

use crate::compare::{Growth, Outcome};
use crate::text::escaped;
use anyhow::Result;

use super::{Line, Panel, Scale, draw, look};

/// Draws error and ULPs of a comparison, each by step, a line for each phase; of
/// tables by row, a line for each column.
pub fn growth(outcome: &Outcome) -> Result<String> {
    let Outcome { sides: [a, b], growth, step_word, .. } = outcome;
    let group = outcome.group_word();
    let before = if group == "phase" { " (0: before training)" } else { "" };
    // Those of a phase stand together.
    let phases: Vec<_> = growth.chunk_by(|a, b| a.phase == b.phase).collect();
    let panel = |title: &str, y: &str, value: fn(f64, u64) -> f64| Panel {
        title: title.to_owned(),
        x: format!("{step_word}{before}"),
        y: y.to_owned(),
        x_scale: Scale::Whole,
        y_scale: Scale::Log,
        lines: phases
            .iter()
            .enumerate()
            .map(|(i, of_phase)| {
                let point = |p: &Growth| (p.step as f64, value(p.max_abs, p.max_ulps));
                Line {
                    label: escaped(&of_phase[0].phase).into_owned(),
                    look: look(i),
                    dashed: false,
                    points: of_phase.iter().map(point).collect(),
                }
            })
            .collect(),
        ..Panel::default()
    };
    let panels = [
        panel("Largest error", "absolute difference", |abs, _| abs),
        panel("Largest distance", "units in the last place", |_, ulps| ulps as f64),
    ];
    draw(&format!("Where {a} and {b} differ, by {step_word} and {group}"), &panels, 2, (480, 380))
}
