//! One pair of axes, and what is drawn on them.

use super::{Look, Scale};

/// Points joined by a line. Lines of one label look the same and share one
/// entry of the legend.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its entry in the legend.
    pub label: String,
    /// Its colour and its marks.
    pub look: Look,
    /// For a second state of the same thing.
    pub dashed: bool,
    /// What cannot be drawn is left out: numbers that are not finite, and on a
    /// logarithmic axis those that are not positive.
    pub points: Vec<(f64, f64)>,
}

/// An area, in a tint that lets through what is behind it.
#[derive(Clone, Debug)]
pub struct Band {
    /// Its colour.
    pub look: Look,
    /// Around it; left out as points of a line are.
    pub outline: Vec<(f64, f64)>,
}

/// A few characters beside a point.
#[derive(Clone, Debug)]
pub struct Note {
    /// The point, which a line has.
    pub at: (f64, f64),
    /// What stands there.
    pub text: String,
    /// Whether above the point, to the left, or below it, to the right: both are
    /// beside a line that rises.
    pub above: bool,
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
    /// Of the x-axis.
    pub x_scale: Scale,
    /// Of the y-axis.
    pub y_scale: Scale,
    /// What is drawn.
    pub lines: Vec<Line>,
    /// Drawn behind the lines.
    pub bands: Vec<Band>,
    /// Written over the lines.
    pub notes: Vec<Note>,
    /// Spans of x on grey ground.
    pub shaded: Vec<[f64; 2]>,
}

/// The most points of a line that are marked each.
const MARKED_EACH: usize = 24;

/// The marks of a longer line.
const MARKS: usize = 8;

impl Panel {
    /// The points that can be drawn, as positions on the axes.
    pub fn positions(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let position = |&(x, y): &(f64, f64)| (self.x_scale.position(x), self.y_scale.position(y));
        points.iter().map(position).filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
    }

    /// Which of `n` points of the `i`th line have a mark. On long lines each
    /// begins elsewhere, so that lines which meet do not hide each other's.
    pub fn marked(&self, i: usize, n: usize) -> Vec<usize> {
        if n <= MARKED_EACH {
            return (0..n).collect();
        }
        let lines = self.lines.len();
        (0..MARKS).map(|k| (n - 1) * (k * lines + i % lines) / (MARKS * lines)).collect()
    }

    /// The ends of both axes, as positions: x, then y.
    pub fn ends(&self, drawn: &[&[(f64, f64)]]) -> [(f64, f64); 2] {
        let all = || drawn.iter().copied().flatten();
        let x = extent(self.x_scale, all().map(|&(x, _)| x));
        let (bottom, top) = extent(self.y_scale, all().map(|&(_, y)| y));
        let margin = ((top - bottom) * 0.05).max(top.abs() * 1e-6).max(1e-9);
        let room = if self.notes.is_empty() { 0.0 } else { 0.18 * (x.1 - x.0) };
        [(x.0 - room / 5.0, x.1 + room), (bottom - margin, top + margin)]
    }
}

/// The least and the largest of the positions, apart; 0 and 1 where there are none.
fn extent(scale: Scale, positions: impl Iterator<Item = f64>) -> (f64, f64) {
    match positions.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x))) {
        (low, high) if low > high => (0.0, 1.0),
        (low, high) if low == high => (low - scale.around(low), low + scale.around(low)),
        ends => ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::look;

    #[test]
    fn a_single_point_stands_in_the_middle() {
        let panel = Panel { x_scale: Scale::Whole, ..Panel::default() };
        let [(left, right), (bottom, top)] = panel.ends(&[&[(1.0, 0.7)]]);
        assert_eq!((left, right), (0.5, 1.5));
        assert!(bottom < 0.65 && top > 0.75 && (f64::midpoint(bottom, top) - 0.7).abs() < 1e-9);
        assert_eq!(Panel::default().ends(&[])[0], (0.0, 1.0));
        // On an even axis with room in proportion, but for zero.
        assert_eq!(Panel::default().ends(&[&[(-20.0, 0.0)]])[0], (-22.0, -18.0));
        assert_eq!(Panel::default().ends(&[&[(0.0, 0.0)]])[0], (-0.5, 0.5));
    }

    #[test]
    fn points_are_given_room_and_notes_more_to_the_right() {
        let mut panel = Panel::default();
        let points = [(0.0, -1.0), (10.0, 3.0), (5.0, 1.0)];
        assert_eq!(panel.ends(&[&points[..1], &points[1..]]), [(0.0, 10.0), (-1.2, 3.2)]);
        // Where float64 would not tell the ends apart, a millionth.
        let [_, (bottom, top)] = panel.ends(&[&[(0.0, 1e9), (1.0, 1e9 + 1.0)]]);
        assert!((bottom - (1e9 - 1e3)).abs() < 0.1 && (top - (1e9 + 1e3)).abs() < 1.1);
        panel.notes.push(Note { text: "a".to_owned(), at: (10.0, 3.0), above: true });
        let [(left, right), _] = panel.ends(&[&points]);
        assert!((left + 0.36).abs() < 1e-12 && (right - 11.8).abs() < 1e-12, "{left} {right}");
        // In proportion to the axis, wherever it begins.
        let [(left, right), _] = panel.ends(&[&[(100.0, 0.0), (110.0, 1.0)]]);
        assert!((left - 99.64).abs() < 1e-12 && (right - 111.8).abs() < 1e-12, "{left} {right}");
    }

    #[test]
    fn long_lines_have_few_marks_and_none_in_the_same_place() {
        let line = Line { label: String::new(), look: look(0), dashed: false, points: vec![] };
        let panel = Panel { lines: vec![line; 28], ..Panel::default() };
        let mut marks: Vec<_> = (0..28).flat_map(|i| panel.marked(i, 1000)).collect();
        assert!(marks.iter().all(|&mark| mark < 1000));
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks.len(), 28 * MARKS);
        assert_eq!(panel.marked(3, 4), [0, 1, 2, 3]);
    }
}
