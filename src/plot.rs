//! Rows -> SVG.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::pytorch::activation::Activation;

/// Width and height in pixels.
pub const SIZE: (u32, u32) = (800, 500);

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
    let epochs = runs.iter().map(|(_, losses)| losses.len()).max().unwrap_or(1);
    let (low, high) = range(runs.iter().flat_map(|(_, losses)| losses.iter().copied()));
    let mut svg = String::new();
    let draw = |svg| -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption("Training loss by epoch", ("sans-serif", 22))
            .margin(16)
            .x_label_area_size(48)
            .y_label_area_size(72)
            .build_cartesian_2d(1.0..(epochs as f64).max(2.0), low..high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .x_desc("epoch")
            .y_desc("cross-entropy loss (nats)")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| short(*y))
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 16))
            .draw()?;
        for (activation, losses) in runs {
            let points = (1..).zip(losses).map(|(epoch, &loss)| (f64::from(epoch), loss));
            let finite = points.filter(|(_, loss)| loss.is_finite());
            let style = colour(*activation).stroke_width(2);
            chart
                .draw_series(LineSeries::new(finite, style))?
                .label(activation.name())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .legend_area_size(32)
            .margin(12)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 15))
            .draw()?;
        area.present()
    };
    draw(&mut svg).map_err(|error| anyhow!("cannot draw the plot: {error}"))?;
    Ok(svg)
}

/// The finite values' range, a little widened; [0, 1] where there are none.
pub fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|x| x.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let margin = ((high - low) * 0.05).max(high.abs() * 1e-6).max(1e-9);
    (low - margin, high + margin)
}

/// An axis label of few characters.
pub fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        let text = format!("{x:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{x:.1e}")
    }
}
