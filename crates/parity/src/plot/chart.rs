//! Draws panels, under a title and a legend, as SVG.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Tick;
use super::{Line, Note, Panel};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

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

/// From the middle of a mark to its edge.
const RADIUS: f64 = 4.0;

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
            draw_panel(panel, &area)?;
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
        let style = line.look.colour.stroke_width(2 * FINE);
        if line.dashed {
            area.draw(&DashedPathElement::new(sample, px(6), px(4), style))?;
        } else {
            area.draw(&PathElement::new(sample, style))?;
        }
        draw_mark(area, line, (px(x + 15), px(y + 8)))?;
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

fn draw_panel(panel: &Panel, area: &Area) -> Drawn {
    let lines: Vec<_> = panel.lines.iter().map(|line| panel.positions(&line.points)).collect();
    let bands: Vec<_> = panel.bands.iter().map(|band| panel.positions(&band.outline)).collect();
    let drawn: Vec<_> = lines.iter().chain(&bands).map(Vec::as_slice).collect();
    let [(left, right), (bottom, top)] = panel.ends(&drawn);
    let [x_ticks, y_ticks] = [panel.x_scale.ticks(left, right), panel.y_scale.ticks(bottom, top)];

    let mut builder = ChartBuilder::on(area);
    if !panel.title.is_empty() {
        builder.caption(&panel.title, font(18));
    }
    let positions = |ticks: &[Tick]| ticks.iter().map(|(at, _)| *at).collect();
    let mut chart = builder
        .margin(px(14))
        .x_label_area_size(px(46))
        .y_label_area_size(px(70))
        .build_cartesian_2d(
            Marked { ends: (left..right).into(), positions: positions(&x_ticks) },
            Marked { ends: (bottom..top).into(), positions: positions(&y_ticks) },
        )?;
    let ground = |&[from, to]: &[f64; 2]| {
        let corners = [(from.max(left), bottom), (to.min(right), top)];
        Rectangle::new(corners, BLACK.mix(0.08).filled())
    };
    chart.draw_series(panel.shaded.iter().map(ground))?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12).stroke_width(FINE))
        .axis_style(BLACK.stroke_width(FINE))
        .set_all_tick_mark_size(px(5))
        .x_desc(&panel.x)
        .y_desc(&panel.y)
        .x_label_formatter(&|x| label(&x_ticks, *x))
        .y_label_formatter(&|y| label(&y_ticks, *y))
        .label_style(font(14))
        .axis_desc_style(font(15))
        .draw()?;
    for (band, outline) in panel.bands.iter().zip(bands) {
        chart.draw_series([Polygon::new(outline, band.look.colour.mix(0.18).filled())])?;
    }
    for (line, points) in panel.lines.iter().zip(&lines) {
        let (style, points) = (line.look.colour.stroke_width(2 * FINE), points.iter().copied());
        if line.dashed {
            chart.draw_series(DashedLineSeries::new(points, 6 * FINE, 4 * FINE, style))?;
        } else {
            chart.draw_series(LineSeries::new(points, style))?;
        }
    }
    // Above all lines, and as large on every scale.
    let (plot, screen) = (chart.plotting_area(), area.use_screen_coord());
    for (i, (line, points)) in panel.lines.iter().zip(&lines).enumerate() {
        for mark in panel.marked(i, points.len()) {
            draw_mark(&screen, line, plot.map_coordinate(&points[mark]))?;
        }
    }
    for note in &panel.notes {
        for at in panel.positions(&[note.at]) {
            draw_note(&screen, note, plot.map_coordinate(&at))?;
        }
    }
    Ok(())
}

/// A mark around a position: a smaller one for a second state, since a line of one
/// point has no dashes.
fn draw_mark(area: &Area, line: &Line, (x, y): (i32, i32)) -> Drawn {
    let (look, radius) = (line.look, if line.dashed { RADIUS * 0.65 } else { RADIUS });
    let large = |coordinate: f64| (coordinate * radius * f64::from(FINE)).round() as i32;
    let corner = |(dx, dy)| (x + large(dx), y + large(dy));
    let mut outline: Vec<_> = look.shape.corners().into_iter().map(corner).collect();
    let within = if look.open { WHITE } else { look.colour };
    area.draw(&Polygon::new(outline.clone(), within.filled()))?;
    outline.push(outline[0]);
    area.draw(&PathElement::new(outline, look.colour.stroke_width(FINE * 3 / 2)))
}

/// The characters beside a point, with room for its mark.
fn draw_note(area: &Area, note: &Note, (x, y): (i32, i32)) -> Drawn {
    let (away, position) = if note.above {
        (-6, Pos::new(HPos::Right, VPos::Bottom))
    } else {
        (6, Pos::new(HPos::Left, VPos::Top))
    };
    let style = font(13).into_font().color(&BLACK).pos(position);
    area.draw(&Text::new(note.text.clone(), (x + px(away), y + px(away / 3)), style))
}

/// An axis that is marked where we say; plotters' own `WithKeyPoints` cannot be
/// labelled.
struct Marked {
    ends: RangedCoordf64,
    positions: Vec<f64>,
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.ends.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.positions.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.ends.range()
    }
}

fn label(ticks: &[Tick], position: f64) -> String {
    let tick = ticks.iter().find(|(at, _)| *at == position);
    tick.map_or_else(String::new, |(_, label)| label.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::look;

    fn panel(labels: &[&str]) -> Panel {
        let line = |(i, label): (usize, &&str)| Line {
            label: (*label).to_owned(),
            look: look(i),
            dashed: false,
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        };
        Panel { lines: labels.iter().enumerate().map(line).collect(), ..Panel::default() }
    }

    #[test]
    fn a_legend_has_each_label_once_in_lines_as_wide_as_the_picture() {
        let panels = [panel(&["a", "bb", "a"]), panel(&["bb", "c", "ddd"])];
        let positions = |width| -> Vec<_> {
            legend(&panels, width).into_iter().map(|(line, at)| (&*line.label, at)).collect()
        };
        // Entries are 68, 76, 68 and 84 pixels wide, and begin at 20.
        let full = [("a", (20, 46)), ("bb", (88, 46)), ("c", (20, 70)), ("ddd", (88, 70))];
        assert_eq!(positions(172), full);
        let short = [("a", (20, 46)), ("bb", (88, 46)), ("c", (20, 70)), ("ddd", (20, 94))];
        assert_eq!([positions(171), positions(164)], [short, short]);
        assert!(positions(50).into_iter().map(|(_, at)| at).eq((0..4).map(|i| (20, 46 + 24 * i))));
    }

    #[test]
    fn notes_stand_off_their_point_to_either_side() {
        let mut panel = panel(&["a"]);
        let note = |above| Note { at: (0.5, 0.5), text: "here".to_owned(), above };
        panel.notes = [true, false].map(note).into();
        let svg = draw("", &[panel], 1, (400, 300)).unwrap();
        let texts: Vec<_> = svg.split("<text ").filter(|text| text.contains("\nhere\n")).collect();
        let position = |text: &str| {
            let number = |name: &str| text.split(name).nth(1)?.split('"').next()?.parse().ok();
            (number("x=\"").unwrap(), number(" y=\"").unwrap())
        };
        let [(x, y), (right, below)]: [(i32, i32); 2] = [position(texts[0]), position(texts[1])];
        assert_eq!((right - x, below - y), (px(12), px(4)));
        assert!(texts[0].contains("\"end\"") && texts[1].contains("\"start\""), "{texts:?}");
    }
}
