//! Axes: where they are marked, and how that is written.

use crate::text::thousands;

/// How values become positions on an axis.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly, for counts: only whole numbers are marked.
    Whole,
    /// By their exponents of ten.
    Log,
}

/// A position on an axis and its label.
pub type Tick = (f64, String);

/// The most marks of an axis, about.
const MARKS: f64 = 8.0;

impl Scale {
    /// Where a value is drawn; not finite where it cannot be.
    pub fn position(self, value: f64) -> f64 {
        if self == Self::Log { value.log10() } else { value }
    }

    /// What is added to both ends where all values are the same.
    pub fn around(self, position: f64) -> f64 {
        match self {
            Self::Linear if position != 0.0 => position.abs() * 0.1,
            _ => 0.5,
        }
    }

    /// The marks between two positions, which are exponents on a logarithmic axis.
    pub fn ticks(self, low: f64, high: f64) -> Vec<Tick> {
        match self {
            Self::Linear => evenly(low, high, nice(low, high)),
            Self::Whole => {
                let step = nice(low, high).max((0, 1));
                let label = |x: f64| if x < 0.0 { format!("{x}") } else { thousands(x as usize) };
                evenly(low, high, step).into_iter().map(|(x, _)| (x, label(x))).collect()
            }
            Self::Log => decades(low, high),
        }
    }
}

/// A step of 1, 2 or 5 times a power of ten: its exponent, then that digit.
type Step = (i32, i32);

/// A step that gives about [`MARKS`] marks.
fn nice(low: f64, high: f64) -> Step {
    let rough = (high - low) / MARKS;
    let exponent = rough.log10().floor();
    let digit = rough / 10_f64.powf(exponent);
    let up = [1, 2, 5].into_iter().find(|&d| digit <= f64::from(d) * (1.0 + 1e-9));
    up.map_or((exponent as i32 + 1, 1), |d| (exponent as i32, d))
}

/// The multiples of a step, all written with the same digits after the point.
fn evenly(low: f64, high: f64, (exponent, digit): Step) -> Vec<Tick> {
    // Divided by whole numbers, since 3 * 0.1 is not 0.3.
    let power = 10_f64.powi(exponent.abs());
    let at = |i: i64| {
        let n = (i * i64::from(digit)) as f64;
        if exponent < 0 { n / power } else { n * power }
    };
    let step = at(1);
    let slack = 1e-9 * step;
    let inside = ((low - slack) / step).ceil() as i64..=((high + slack) / step).floor() as i64;
    let positions: Vec<_> = inside.map(at).collect();
    let most = low.abs().max(high.abs());
    let of_all = most.log10().floor() as i32;
    let label = |&x: &f64| {
        if x == 0.0 && !(-4..0).contains(&exponent) {
            "0".to_owned()
        } else if exponent < -4 || most >= 1e6 {
            let digits = (of_all - exponent).max(0) as usize;
            format!("{:.digits$}·{}", x / 10_f64.powi(of_all), power_of_ten(of_all))
        } else {
            format!("{x:.0$}", -exponent.min(0) as usize)
        }
    };
    let labels: Vec<_> = positions.iter().map(label).collect();
    positions.into_iter().zip(labels).collect()
}

/// Marks between two exponents: at decades if there are several, else at 1, 2
/// and 5 times a decade, else evenly.
fn decades(low: f64, high: f64) -> Vec<Tick> {
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let stride = (f64::from(last - first) / MARKS).ceil().max(1.0) as i32;
    let whole: Vec<_> = (first..=last).filter(|e| e % stride == 0).collect();
    if whole.len() >= 3 {
        let plain = whole.iter().all(|e| (-3..=5).contains(e));
        let label = |e| if plain { decimal(1, e) } else { power_of_ten(e) };
        return whole.into_iter().map(|e| (f64::from(e), label(e))).collect();
    }
    let digits = (low.floor() as i32..=last).flat_map(|e| [1, 2, 5].map(|digit| (digit, e)));
    let position = |(digit, e): (i32, i32)| f64::from(digit).log10() + f64::from(e);
    let inside = |&at: &(i32, i32)| (low..=high).contains(&position(at));
    let marks: Vec<_> = digits.filter(inside).collect();
    if marks.len() >= 3 {
        let plain = marks.iter().all(|(_, e)| (-3..=5).contains(e));
        let label = |(digit, e)| {
            if plain { decimal(digit, e) } else { format!("{digit}·{}", power_of_ten(e)) }
        };
        return marks.into_iter().map(|mark| (position(mark), label(mark))).collect();
    }
    let (low, high) = (10_f64.powf(low), 10_f64.powf(high));
    let even = evenly(low, high, nice(low, high)).into_iter();
    even.map(|(value, label)| (value.log10(), label)).collect()
}

/// A digit times a power of ten, without an exponent.
fn decimal(digit: i32, exponent: i32) -> String {
    match exponent {
        0.. => thousands(digit as usize * 10_usize.pow(exponent as u32)),
        _ => format!("0.{digit:0>0$}", -exponent as usize),
    }
}

/// 10 with its exponent set high.
fn power_of_ten(exponent: i32) -> String {
    let high = |c| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    "10".to_owned() + &exponent.to_string().chars().map(high).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64) -> Vec<String> {
        let ticks = scale.ticks(low, high);
        assert!(ticks.iter().all(|(at, _)| (low - 1e-6..=high + 1e-6).contains(at)), "{ticks:?}");
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn counts_are_marked_at_whole_numbers_only() {
        assert_eq!(labels(Scale::Whole, 0.5, 1.5), ["1"]); // one epoch
        assert_eq!(labels(Scale::Whole, 1.0, 3.0), ["1", "2", "3"]);
        assert_eq!(labels(Scale::Whole, 1.0, 16.0), ["2", "4", "6", "8", "10", "12", "14", "16"]);
        assert_eq!(labels(Scale::Whole, 1.0, 50.0), ["10", "20", "30", "40", "50"]);
        assert_eq!(labels(Scale::Whole, -2.0, 1.0), ["-2", "-1", "0", "1"]);
        assert_eq!(labels(Scale::Whole, 0.0, 4e3).last().unwrap(), "4,000");
        for high in 2..3000 {
            let ticks = Scale::Whole.ticks(1.0, f64::from(high));
            assert!(ticks.iter().all(|(at, _)| at.fract() == 0.0), "{ticks:?}");
            assert!((2..=10).contains(&ticks.len()), "{ticks:?}");
        }
    }

    #[test]
    fn an_even_axis_writes_all_numbers_with_the_same_digits() {
        assert_eq!(
            labels(Scale::Linear, 0.35, 0.62),
            ["0.35", "0.40", "0.45", "0.50", "0.55", "0.60"]
        );
        assert_eq!(labels(Scale::Linear, -1.0, 1.0), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(Scale::Linear, 0.0, 3e6)[1..3], ["0.5·10⁶", "1.0·10⁶"]);
        assert_eq!(labels(Scale::Linear, 1e-4, 8e-4)[..2], ["0.0001", "0.0002"]);
        assert_eq!(labels(Scale::Linear, 0.0, 6e-4)[..2], ["0.0000", "0.0001"]);
        assert_eq!(labels(Scale::Linear, 0.0, 6.2e-6)[..3], ["0", "1·10⁻⁶", "2·10⁻⁶"]);
    }

    #[test]
    fn a_logarithmic_axis_has_one_way_of_writing_and_marks_decades() {
        assert_eq!(labels(Scale::Log, -2.2, 1.1), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(Scale::Log, -5.0, -2.0), ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]);
        assert_eq!(
            labels(Scale::Log, -16.0, 1.0),
            ["10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]
        );
        assert_eq!(labels(Scale::Log, -0.7, 1.1), ["0.2", "0.5", "1", "2", "5", "10"]);
        assert_eq!(labels(Scale::Log, -8.0, -7.2), ["1·10⁻⁸", "2·10⁻⁸", "5·10⁻⁸"]);
        assert_eq!(labels(Scale::Log, 0.301, 0.401), ["2.0", "2.1", "2.2", "2.3", "2.4", "2.5"]);
    }

    #[test]
    fn every_axis_has_marks() {
        for exponent in -30..30 {
            for width in [1e-3, 0.1, 0.5, 1.0, 3.0, 40.0] {
                let low = f64::from(exponent) / 3.0;
                for scale in [Scale::Linear, Scale::Log] {
                    let ticks = scale.ticks(low, low + width);
                    assert!((2..=14).contains(&ticks.len()), "{scale:?} {low} {width}: {ticks:?}");
                    let mut labels: Vec<_> = ticks.iter().map(|(_, label)| label).collect();
                    labels.dedup();
                    assert_eq!(labels.len(), ticks.len(), "each label once: {ticks:?}");
                }
            }
        }
    }
}
