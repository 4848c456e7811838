//! Panels of lines, as SVG: what the plots are made of.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Points joined by a line. Lines of one label look the same and share one
/// entry of the legend.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its entry in the legend.
    pub label: String,
    /// See `plot::colour`.
    pub colour: RGBColor,
    /// For a second state of the same thing.
    pub dashed: bool,
    /// What cannot be drawn is left out: numbers that are not finite, and on a
    /// logarithmic axis those that are not positive.
    pub points: Vec<(f64, f64)>,
}

/// An area, in a tint that lets through what is behind it.
#[derive(Clone, Debug)]
pub struct Band {
    /// See `plot::colour`.
    pub colour: RGBColor,
    /// Around it; left out as points of a line are.
    pub outline: Vec<(f64, f64)>,
}

/// One pair of axes, and what is drawn on them.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// What the x-axis measures, with the unit.
    pub x: String,
    /// What the y-axis measures, with the unit.
    pub y: String,
    /// Whether the y-axis is logarithmic.
    pub log_y: bool,
    /// What is drawn.
    pub lines: Vec<Line>,
    /// Drawn behind the lines.
    pub bands: Vec<Band>,
    /// Spans of x on grey ground.
    pub shaded: Vec<[f64; 2]>,
}

/// plotters rounds every coordinate to a whole number, which makes steps of a
/// flat slope: so a picture is drawn this many times as large, and shown at
/// its size.
const FINE: u32 = 8;

/// Pixels of the picture that is seen, in those that are drawn.
const fn px(n: i32) -> i32 {
    n * FINE as i32
}

/// The font, at a height in pixels.
fn font(height: i32) -> (&'static str, i32) {
    ("sans-serif", px(height))
}

/// The most points of a line that are marked each.
const MARKED: usize = 24;

/// Draws `panels` in rows of `columns`, each panel of `size` (width and height
/// in pixels), under `title` and one legend for all of them.
pub fn draw(title: &str, panels: &[Panel], columns: usize, size: (u32, u32)) -> Result<String> {
    let rows = panels.len().div_ceil(columns);
    let width = size.0 * columns as u32;
    let legend = legend(panels, width as i32);
    let head = legend.last().map_or(46, |(_, (_, y))| *y as u32 + 26);
    let height = head + size.1 * rows as u32;
    let mut svg = String::new();
    let draw = |svg| -> Drawn {
        let area = SVGBackend::with_string(svg, (width * FINE, height * FINE)).into_drawing_area();
        area.fill(&WHITE)?;
        let (head, body) = area.split_vertically(head * FINE);
        draw_head(&head, title, &legend)?;
        for (panel, area) in panels.iter().zip(body.split_evenly((rows, columns))) {
            panel.draw(&area)?;
        }
        area.present()
    };
    draw(&mut svg).map_err(|error| anyhow!("cannot draw the plot: {error}"))?;
    // The coordinates stay those of the viewBox, which follows.
    let drawn = format!("width=\"{}\" height=\"{}\"", width * FINE, height * FINE);
    Ok(svg.replacen(&drawn, &format!("width=\"{width}\" height=\"{height}\""), 1))
}

/// The legend stands above the panels, since inside it would cover lines.
fn draw_head(area: &Area, title: &str, legend: &[(&Line, (i32, i32))]) -> Drawn {
    area.draw(&Text::new(title.to_owned(), (px(20), px(12)), font(22)))?;
    for (line, (x, y)) in legend {
        let sample = [(px(*x), px(y + 8)), (px(x + 30), px(y + 8))];
        let style = line.colour.stroke_width(2 * FINE);
        if line.dashed {
            area.draw(&DashedPathElement::new(sample, px(6), px(4), style))?;
        } else {
            area.draw(&PathElement::new(sample, style))?;
        }
        area.draw(&Text::new(line.label.clone(), (px(x + 36), px(*y)), font(15)))?;
    }
    Ok(())
}

/// A line for each label, and where its entry stands in a picture so wide.
fn legend(panels: &[Panel], width: i32) -> Vec<(&Line, (i32, i32))> {
    let (mut x, mut y) = (20, 46);
    let mut entries: Vec<(&Line, _)> = Vec::new();
    for line in panels.iter().flat_map(|panel| &panel.lines) {
        if entries.iter().any(|(known, _)| known.label == line.label) {
            continue;
        }
        let wide = 60 + 8 * line.label.chars().count() as i32; // 8 pixels a character
        if x > 20 && x + wide > width {
            (x, y) = (20, y + 24);
        }
        entries.push((line, (x, y)));
        x += wide;
    }
    entries
}

impl Panel {
    fn draw(&self, area: &Area) -> Drawn {
        let lines: Vec<_> = self.lines.iter().map(|line| self.visible(&line.points)).collect();
        let bands: Vec<_> = self.bands.iter().map(|band| self.visible(&band.outline)).collect();
        let all = || lines.iter().chain(&bands).flatten();
        let (left, right) = extent(all().map(|&(x, _)| x));
        let (bottom, top) = extent(all().map(|&(_, y)| y));
        let margin = ((top - bottom) * 0.05).max(top.abs() * 1e-6).max(1e-9);
        let (bottom, top) = (bottom - margin, top + margin);

        let mut builder = ChartBuilder::on(area);
        if !self.title.is_empty() {
            builder.caption(&self.title, font(18));
        }
        let mut chart = builder
            .margin(px(14))
            .x_label_area_size(px(46))
            .y_label_area_size(px(70))
            .build_cartesian_2d(left..right, bottom..top)?;
        let ground = |&[from, to]: &[f64; 2]| {
            let corners = [(from.max(left), bottom), (to.min(right), top)];
            Rectangle::new(corners, BLACK.mix(0.08).filled())
        };
        chart.draw_series(self.shaded.iter().map(ground))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12).stroke_width(FINE))
            .axis_style(BLACK.stroke_width(FINE))
            .set_all_tick_mark_size(px(5))
            .x_labels(9)
            .y_labels(9)
            .x_desc(&self.x)
            .y_desc(&self.y)
            .x_label_formatter(&|x| short(*x))
            .y_label_formatter(&|y| if self.log_y { power_of_ten(*y) } else { short(*y) })
            .label_style(font(14))
            .axis_desc_style(font(15))
            .draw()?;
        for (band, outline) in self.bands.iter().zip(bands) {
            chart.draw_series([Polygon::new(outline, band.colour.mix(0.18).filled())])?;
        }
        for (line, points) in self.lines.iter().zip(lines) {
            let style = line.colour.stroke_width(2 * FINE);
            if points.len() <= MARKED {
                let mark = |&point: &(f64, f64)| Circle::new(point, px(3), line.colour.filled());
                chart.draw_series(points.iter().map(mark))?;
            }
            if line.dashed {
                chart.draw_series(DashedLineSeries::new(points, 6 * FINE, 4 * FINE, style))?;
            } else {
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
        Ok(())
    }

    /// The points that can be drawn, on a logarithmic axis as exponents of ten.
    fn visible(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let scaled = |&(x, y): &(f64, f64)| (x, if self.log_y { y.log10() } else { y });
        points.iter().map(scaled).filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
    }
}

/// The least and the largest of the values, apart; 0 and 1 where there are none.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    match values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x))) {
        (low, high) if low > high => (0.0, 1.0),
        (low, high) if low == high => (low, low + 1.0),
        ends => ends,
    }
}

fn power_of_ten(exponent: f64) -> String {
    match 10_f64.powf(exponent) {
        _ if exponent == exponent.round() => format!("1e{exponent:.0}"),
        x @ 1e-3..1e3 => short(x),
        x => format!("{x:.1e}"),
    }
}

/// An axis label of few characters.
fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        let text = format!("{x:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{x:.1e}")
    }
}
