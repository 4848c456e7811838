//! How series are told apart, the same in every plot: by colour and by a mark
//! that can be told without colour.

use plotters::style::RGBColor;

/// The looks that there are.
pub const LOOKS: usize = 14;

/// Okabe and Ito's colours, which colour-blind people can tell apart, darkened
/// where they were faint on white, then others as dark.
const COLOURS: [(u8, u8, u8); LOOKS] = [
    (196, 120, 0),
    (0, 114, 178),
    (0, 158, 115),
    (30, 150, 200),
    (213, 94, 0),
    (204, 121, 167),
    (0, 0, 0),
    (128, 118, 0),
    (120, 120, 120),
    (140, 81, 10),
    (90, 60, 150),
    (150, 0, 60),
    (0, 80, 60),
    (160, 120, 80),
];

/// The outlines of marks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// As round as sixteen corners are.
    Circle,
    /// On its side.
    Square,
    /// Pointing up.
    Triangle,
    /// On its corner.
    Diamond,
    /// Pointing down.
    Turned,
    /// Upright.
    Plus,
    /// Leaning.
    Cross,
}

use Shape::{Circle, Cross, Diamond, Plus, Square, Triangle, Turned};
const SHAPES: [Shape; 7] = [Circle, Square, Triangle, Diamond, Turned, Plus, Cross];

/// How a series looks. Whether its line is dashed is for its state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Look {
    /// Of line, marks and band.
    pub colour: RGBColor,
    /// Of its marks.
    pub shape: Shape,
    /// Whether its marks are white within.
    pub open: bool,
}

/// The look of the `i`th series. After [`LOOKS`] they begin again.
pub fn look(i: usize) -> Look {
    let (red, green, blue) = COLOURS[i % LOOKS];
    let shape = SHAPES[i % SHAPES.len()];
    Look { colour: RGBColor(red, green, blue), shape, open: i % LOOKS >= SHAPES.len() }
}

impl Shape {
    /// Its corners, (x, y) around (0, 0), y downwards, for a mark of radius 1.
    pub fn corners(self) -> Vec<(f64, f64)> {
        let around = |n: u32, turn: f64, radius: f64| -> Vec<_> {
            let angle = |i| std::f64::consts::TAU * (f64::from(i) / f64::from(n) + turn);
            (0..n).map(|i| (radius * angle(i).sin(), -radius * angle(i).cos())).collect()
        };
        // A bar of this half width, over itself.
        let bars = |turn: f64| {
            const W: f64 = 0.35;
            let arm = [(-W, -1.1), (W, -1.1), (W, -W)];
            let (sin, cos) = (std::f64::consts::TAU * turn).sin_cos();
            let turned = |(x, y): (f64, f64)| (x * cos - y * sin, x * sin + y * cos);
            let quarter = |(x, y): (f64, f64), n| (0..n).fold((x, y), |(x, y), _| (-y, x));
            let arms = (0..4).flat_map(|n| arm.map(|corner| quarter(corner, n)));
            arms.map(turned).collect()
        };
        match self {
            Self::Circle => around(16, 0.0, 0.9),
            Self::Square => around(4, 0.125, 1.15),
            Self::Triangle => around(3, 0.0, 1.2),
            Self::Diamond => around(4, 0.0, 1.2),
            Self::Turned => around(3, 0.5, 1.2),
            Self::Plus => bars(0.0),
            Self::Cross => bars(0.125),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As WCAG 2 defines it, against white.
    fn contrast(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |byte: u8| match f64::from(byte) / 255.0 {
            c if c <= 0.04045 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        1.05 / (luminance + 0.05)
    }

    #[test]
    fn every_colour_stands_out_from_white() {
        for i in 0..LOOKS {
            let Look { colour, .. } = look(i);
            assert!(contrast(colour) >= 3.0, "{colour:?}: {:.2}", contrast(colour));
        }
        // What was here before would not do.
        assert!(contrast(RGBColor(240, 228, 66)) < 1.5, "yellow");
    }

    #[test]
    fn no_two_activations_share_a_colour_or_a_mark() {
        let looks: Vec<Look> = (0..LOOKS).map(look).collect();
        assert!(looks.len() <= LOOKS, "a look for each: add colours and shapes");
        for (i, a) in looks.iter().enumerate() {
            for b in &looks[..i] {
                assert_ne!(a.colour, b.colour);
                assert_ne!((a.shape, a.open), (b.shape, b.open));
            }
        }
    }

    #[test]
    fn shapes_differ_and_are_of_one_size() {
        let outlines = SHAPES.map(Shape::corners);
        for (i, corners) in outlines.iter().enumerate() {
            let radius = corners.iter().map(|(x, y)| x.hypot(*y)).fold(0.0, f64::max);
            assert!((0.9..=1.25).contains(&radius), "{:?}: {radius}", SHAPES[i]);
            assert!(!outlines[..i].contains(corners), "{:?}", SHAPES[i]);
        }
    }
}
