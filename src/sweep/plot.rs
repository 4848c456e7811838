//! A sweep's rows -> SVG: how the final losses spread, how the losses fell.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::plot::{SIZE, colour, range, short};
use crate::pytorch::activation::Activation;
use crate::sweep::plan::Plan;
use crate::sweep::row::{Row, checkpoints};
use crate::sweep::statistics::{quantile, sorted};
use crate::table::thousands;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Bars of a histogram from the lowest to the highest loss of all.
const BINS: usize = 80;

/// How the final losses spread: a histogram for each activation, one above the
/// other on the same axis, the median marked.
pub fn distribution(plan: &Plan, rows: &[Row]) -> Result<String> {
    let of = |activation| -> Vec<f64> {
        let own = rows.iter().filter(|row| row.activation == activation);
        own.map(|row| row.final_loss).filter(|loss| loss.is_finite()).collect()
    };
    let losses: Vec<_> = plan.activations.iter().rev().map(|&a| (a, sorted(&of(a)))).collect();
    let (low, high) = range(losses.iter().flat_map(|(_, losses)| losses.iter().copied()));
    let width = (high - low) / BINS as f64;
    let counts: Vec<_> = losses.iter().map(|(_, losses)| histogram(losses, low, width)).collect();
    let highest = counts.iter().flatten().copied().max().unwrap_or(1).max(1);
    let title = format!("Final loss over {} seeds, {} epochs", seeds(plan, rows), plan.epochs);
    let draw = |svg: &mut String| -> Drawn {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 22))
            .margin(16)
            .x_label_area_size(48)
            .y_label_area_size(110)
            .build_cartesian_2d(low..high, 0.0..losses.len() as f64)?;
        let names: Vec<_> = losses.iter().map(|(activation, _)| activation.name()).collect();
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .x_desc("final cross-entropy loss (nats); line: median")
            .y_desc("share of seeds (same scale)")
            .y_labels(losses.len() + 1)
            .x_label_formatter(&|x| short(*x))
            .y_label_formatter(&|y| names.get(y.round() as usize).cloned().unwrap_or_default())
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 16))
            .draw()?;
        for (base, ((activation, losses), counts)) in losses.iter().zip(&counts).enumerate() {
            let base = base as f64;
            let colour = colour(*activation);
            let bar = |(bin, &count): (usize, &usize)| {
                let left = low + bin as f64 * width;
                let top = base + 0.9 * count as f64 / highest as f64;
                Rectangle::new([(left, base), (left + width, top)], colour.mix(0.7).filled())
            };
            let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            chart.draw_series(filled.map(bar))?;
            if !losses.is_empty() {
                let median = quantile(losses, 0.5);
                let line = [(median, base), (median, base + 0.95)];
                chart.draw_series([PathElement::new(line, BLACK.stroke_width(2))])?;
            }
        }
        area.present()
    };
    finish(draw)
}

/// How many losses fall into each bin of `width` from `low` on.
fn histogram(losses: &[f64], low: f64, width: f64) -> Vec<usize> {
    let mut counts = vec![0; BINS];
    for loss in losses {
        counts[(((loss - low) / width) as usize).min(BINS - 1)] += 1;
    }
    counts
}

/// How the losses fell: the median by epoch, in the band of the middle 95 % of
/// the seeds.
pub fn curves(plan: &Plan, rows: &[Row]) -> Result<String> {
    let epochs: Vec<_> = checkpoints(plan.epochs).into_iter().chain([plan.epochs]).collect();
    // Of each epoch the quantiles, in the order of QUANTILES.
    let quantiles = |activation| -> Vec<(f64, [f64; QUANTILES.len()])> {
        let own: Vec<_> = rows.iter().filter(|row| row.activation == activation).collect();
        let at = |&epoch: &usize| {
            let losses = own.iter().filter_map(|row| row.loss_at(epoch, plan.epochs));
            let losses = sorted(&losses.collect::<Vec<_>>());
            (epoch as f64, QUANTILES.map(|q| quantile(&losses, q)))
        };
        let finite = |(_, losses): &(f64, [f64; _])| losses.iter().all(|loss| loss.is_finite());
        epochs.iter().map(at).filter(finite).collect()
    };
    let lines: Vec<(Activation, _)> =
        plan.activations.iter().map(|&activation| (activation, quantiles(activation))).collect();
    let (low, high) =
        range(lines.iter().flat_map(|(_, points)| points.iter().flat_map(|(_, losses)| *losses)));
    let title = format!("Median loss by epoch over {} seeds", seeds(plan, rows));
    let draw = |svg: &mut String| -> Drawn {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 22))
            .margin(16)
            .x_label_area_size(48)
            .y_label_area_size(72)
            .build_cartesian_2d((1.0..plan.epochs.max(2) as f64).log_scale(), low..high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .x_desc("epoch (logarithmic axis); band: the middle 95 % of seeds")
            .y_desc("cross-entropy loss (nats)")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| short(*y))
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 16))
            .draw()?;
        for (activation, points) in &lines {
            let colour = colour(*activation);
            let edge = |i: usize| points.iter().map(move |(epoch, losses)| (*epoch, losses[i]));
            let outline: Vec<_> = edge(0).chain(edge(2).rev()).collect();
            chart.draw_series([Polygon::new(outline, colour.mix(0.18).filled())])?;
            let style = colour.stroke_width(2);
            chart
                .draw_series(LineSeries::new(edge(1), style).point_size(3))?
                .label(activation.name())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .legend_area_size(32)
            .margin(12)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 15))
            .draw()?;
        area.present()
    };
    finish(draw)
}

/// The lower edge of the band, the median, the upper edge.
const QUANTILES: [f64; 3] = [0.025, 0.5, 0.975];

fn seeds(plan: &Plan, rows: &[Row]) -> String {
    thousands(rows.len() / plan.activations.len())
}

fn finish(draw: impl FnOnce(&mut String) -> Drawn) -> Result<String> {
    let mut svg = String::new();
    draw(&mut svg).map_err(|error| anyhow!("cannot draw the plot: {error}"))?;
    Ok(svg)
}
