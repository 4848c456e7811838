//! What a training step costs as one size grows, and what a record does.

use anyhow::Result;

use crate::bench::{Bench, Measured, Spread, records};
use parity::plot::{self, Line, Note, Panel, Scale, look};

/// Width and height of a panel, in pixels.
const SIZE: (u32, u32) = (360, 360);

/// The sides that are drawn: name, look, and where a row has its rounds.
type Side = (&'static str, usize, fn(&Measured) -> &[f64]);
const SIDES: [Side; 3] = [
    ("Python", 4, |row| &row.python),
    ("Rust, the lesson's loop", 8, |row| &row.plain),
    ("Rust, as train runs it", 1, |row| &row.rust),
];

/// A panel for each size that grows: time on logarithmic axes, and beside each
/// of our points its ratio to Python's. Below, what records take, where that was
/// measured.
pub fn cost(Bench { growing, records, .. }: &Bench) -> Result<String> {
    let mut panels: Vec<_> = growing.iter().map(|(name, rows)| panel(name, rows)).collect();
    let columns = panels.len();
    if !records.is_empty() {
        panels.extend(records::panels(records));
    }
    let title = "Time of training as one size grows (tanh, 1 thread), and our ratio to Python's";
    plot::draw(title, &panels, columns, SIZE)
}

fn panel(name: &str, rows: &[Measured]) -> Panel {
    let point = |row: &Measured, rounds: &[f64]| {
        Some((row.case.size(name) as f64, Spread::of(rounds)?.median))
    };
    let lines = SIDES.map(|(side, i, rounds)| Line {
        label: side.to_owned(),
        look: look(i),
        dashed: false,
        points: rows.iter().filter_map(|row| point(row, rounds(row))).collect(),
    });
    let note = |row: &Measured| {
        let ratio = row.ratio()?.median;
        let text = format!("{ratio:.2}");
        // On the side where Python's line is not.
        Some(Note { at: point(row, &row.rust)?, text, above: ratio > 1.0 })
    };
    Panel {
        x: name.to_owned(),
        y: rows[0].case.measure.to_string(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        lines: lines.into(),
        notes: rows.iter().filter_map(note).collect(),
        ..Panel::default()
    }
}
