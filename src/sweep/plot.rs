//! A sweep: how the final losses spread, and how the losses fell.

use anyhow::Result;
use parity::text::counted;
use torch_parity::nn::Activation;

use crate::sweep::columns::Columns;
use crate::sweep::plan::Plan;
use crate::sweep::row::checkpoints;
use crate::sweep::statistics::{quantile, sorted};
use parity::plot::{self, Band, Line, Panel, Scale, look};

/// Bars of a histogram, from the lowest to the highest loss of all.
const BINS: usize = 60;

/// The lower edge of the band, the median, the upper edge.
const QUANTILES: [f64; 3] = [0.025, 0.5, 0.975];

/// How the final losses spread: a histogram for each activation.
pub fn spread(plan: &Plan, columns: &Columns) -> Result<String> {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for &activation in &plan.activations {
        for loss in columns.finals(activation)?.into_iter().filter(|loss| loss.is_finite()) {
            (low, high) = (low.min(loss), high.max(loss));
        }
    }
    let width = ((high - low) / BINS as f64).max(f64::MIN_POSITIVE);
    let percent = 100.0 / columns.seeds() as f64;
    // Around the bars: along their tops, then back along the axis.
    let outline = |activation| -> Result<Vec<_>> {
        let mut counts = [0; BINS];
        for loss in columns.finals(activation)?.into_iter().filter(|loss| loss.is_finite()) {
            counts[(((loss - low) / width) as usize).min(BINS - 1)] += 1;
        }
        let top = |(bin, &count): (usize, &u32)| {
            let left = low + bin as f64 * width;
            let share = f64::from(count) * percent;
            [(left, share), (left + width, share)]
        };
        let tops = counts.iter().enumerate().flat_map(top);
        Ok(tops.chain([(high, 0.0), (low, 0.0)]).collect())
    };
    let (seeds, epochs) = (counted(columns.seeds(), "seed"), counted(plan.epochs, "epoch"));
    let title = format!("Final loss over {seeds}, {epochs}");
    let y = "share of seeds (%)";
    draw(&title, ["final cross-entropy loss (nats)", y], Scale::Linear, plan, |activation| {
        let outline = outline(activation)?;
        Ok((bars(&outline[..2 * BINS]), outline))
    })
}

/// The tops of the bars, from the first to the last that is not empty, and down
/// to the axis at both ends.
fn bars(tops: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let is_bar = |(_, share): &(f64, f64)| *share > 0.0;
    let ends = (tops.iter().position(is_bar), tops.iter().rposition(is_bar));
    let (Some(first), Some(last)) = ends else { return Vec::new() };
    let down = |i: usize| (tops[i].0, 0.0);
    [down(first)]
        .into_iter()
        .chain(tops[first..=last].iter().copied())
        .chain([down(last)])
        .collect()
}

/// How the losses fell: the median by epoch, in the band of the middle 95 % of
/// the seeds.
pub fn curves(plan: &Plan, columns: &Columns) -> Result<String> {
    let epochs: Vec<_> = checkpoints(plan.epochs).into_iter().chain([plan.epochs]).collect();
    let [low, median, high] = [0, 1, 2];
    let seeds = counted(columns.seeds(), "seed");
    let title = format!("Median loss over {seeds} (band: the middle 95 % of them)");
    draw(&title, ["epoch", "cross-entropy loss (nats)"], Scale::Whole, plan, |activation| {
        let at = |&epoch: &usize| {
            let losses = sorted(&columns.losses(activation, epoch)?);
            Ok((epoch as f64, QUANTILES.map(|q| quantile(&losses, q))))
        };
        let points = epochs.iter().map(at).collect::<Result<Vec<_>>>()?;
        let edge = |i: usize| points.iter().map(move |(epoch, losses)| (*epoch, losses[i]));
        Ok((edge(median).collect(), edge(low).chain(edge(high).rev()).collect()))
    })
}

/// A line, and what is around its band.
type Shapes = (Vec<(f64, f64)>, Vec<(f64, f64)>);

/// Draws what `shapes` gives for each activation.
fn draw(
    title: &str,
    [x, y]: [&str; 2],
    x_scale: Scale,
    plan: &Plan,
    shapes: impl Fn(Activation) -> Result<Shapes>,
) -> Result<String> {
    let mut panel = Panel { x: x.to_owned(), y: y.to_owned(), x_scale, ..Panel::default() };
    for &activation in &plan.activations {
        let (points, outline) = shapes(activation)?;
        let (label, look) = (activation.name().to_owned(), look(activation as usize));
        panel.lines.push(Line { label, look, dashed: false, points });
        panel.bands.push(Band { look, outline });
    }
    plot::draw(title, &[panel], 1, (800, 430))
}
