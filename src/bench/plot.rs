//! What a training step costs as one size grows.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::bench::{Measured, Spread};

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 400);
const HEAD: u32 = 70;

/// The sides that are drawn: name, colour, and where a row has its rounds.
type Side = (&'static str, RGBColor, fn(&Measured) -> &[f64]);
const SIDES: [Side; 3] = [
    ("Python", RGBColor(213, 94, 0), |row| &row.python),
    ("Rust, the lesson's loop", RGBColor(120, 120, 120), |row| &row.plain),
    ("Rust, as train runs it", RGBColor(0, 114, 178), |row| &row.rust),
];

/// A panel for each size that grows: time on logarithmic axes, and beside each
/// of our points its ratio to Python's.
pub fn cost_by_size(growing: &[(&str, Vec<Measured>)]) -> Result<String> {
    let mut svg = String::new();
    let draw = |svg| -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (head, body) = area.split_vertically(HEAD);
        legend(&head)?;
        for (panel, (name, rows)) in body.split_evenly((1, growing.len())).iter().zip(growing) {
            draw_panel(panel, name, rows)?;
        }
        area.present()
    };
    draw(&mut svg).map_err(|error| anyhow!("cannot draw the plot: {error}"))?;
    Ok(svg)
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Title and names of the sides, above the panels.
fn legend(area: &Area) -> Drawn {
    let title = "Time of training as one size grows (tanh, 1 thread), and our ratio to Python's";
    area.draw(&Text::new(title, (20, 12), ("sans-serif", 20)))?;
    let mut x = 20;
    for (name, colour, _) in SIDES {
        area.draw(&PathElement::new([(x, 52), (x + 24, 52)], colour.stroke_width(2)))?;
        area.draw(&Text::new(name, (x + 32, 44), ("sans-serif", 15)))?;
        x += 60 + 8 * name.len() as i32;
    }
    Ok(())
}

fn draw_panel(area: &Area, name: &str, rows: &[Measured]) -> Drawn {
    let size = |row: &Measured| row.case.size(name) as f64;
    let (first, last) = (size(&rows[0]), size(&rows[rows.len() - 1]));
    let (low, high) = time_range(rows);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(
        (first * 0.7..last * 3.0).log_scale(),
        (low * 0.6..high * 1.5).log_scale(),
    )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .x_desc(name)
        .y_desc(rows[0].case.measure.to_string())
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{y}"))
        .x_labels(5)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;
    for (_, colour, rounds) in SIDES {
        let points =
            rows.iter().filter_map(|row| Some((size(row), Spread::of(rounds(row))?.median)));
        let points: Vec<_> = points.collect();
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart.draw_series(points.into_iter().map(|at| Circle::new(at, 3, colour.filled())))?;
    }
    let (_, colour, rounds) = SIDES[2];
    let style = ("sans-serif", 13).into_font().color(&colour);
    let ratios = rows.iter().filter_map(|row| {
        let at = (size(row), Spread::of(rounds(row))?.median);
        let text = format!("{:.2}", row.ratio()?.median);
        Some(EmptyElement::at(at) + Text::new(text, (7, 0), style.clone()))
    });
    chart.draw_series(ratios)?;
    Ok(())
}

/// From the least median to the greatest.
fn time_range(rows: &[Measured]) -> (f64, f64) {
    let medians = rows
        .iter()
        .flat_map(|row| SIDES.map(|(_, _, rounds)| Spread::of(rounds(row))))
        .flatten()
        .map(|spread| spread.median);
    medians.fold((f64::INFINITY, 0.0), |(low, high), x| (low.min(x), high.max(x)))
}
