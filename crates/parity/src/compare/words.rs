//! Where a difference is, and what it is, in words.

use super::difference::{Difference, Values, What};
use super::report::Noun;
use super::{Report, Sides, Value};
use crate::text::{counted, elided, escaped};
use parity_record::{END, Key, Place, SHARED};

impl Report {
    /// Where a difference is, and what it is, in some lines that are safe to print.
    pub(super) fn words(&self, difference: &Difference) -> String {
        let [a, b] = self.sides;
        let place = self.key_words(&difference.key);
        match &difference.what {
            What::OnlyIn { side, other_ends } => {
                let ends = other_ends.map(|end| {
                    let series = difference.key.place().map_or("", |place| place.series);
                    let (other, word) = (other(self.sides, side), &self.step_word);
                    format!("\n  {other} ends at {word} {end} of {}", escaped(series))
                });
                beside(&place, &format!("only {side} has it")) + &ends.unwrap_or_default()
            }
            What::Lines { side, lines, last } => {
                let after = if last.is_empty() {
                    "has no line".to_owned()
                } else {
                    format!("ends after {}", escaped(last))
                };
                let (other, more) = (other(self.sides, side), counted(*lines, "line"));
                format!("{place}: only {side} has it\n  {other} {after}, {side} has {more} more")
            }
            What::Dtype { dtypes: [x, y] } => format!("{place}: dtype {x} for {a}, {y} for {b}"),
            What::Shape { shapes: [x, y] } => {
                beside(&place, &format!("shape {x:?} for {a}, {y:?} for {b}"))
            }
            What::Digest { digests } => {
                let lines = self.side_by_side(digests);
                format!("{place}: different digests; the values were not kept{lines}")
            }
            What::Text { texts } => {
                let width = a.chars().count().max(b.chars().count());
                let room = 76_usize.saturating_sub(width).max(20);
                let quoted = |text: &String| elided(&format!("\"{}\"", escaped(text)), room);
                format!("{place}{}", self.side_by_side(&texts.each_ref().map(quoted)))
            }
            What::Values(values) => format!("{place}{}", self.values_words(values)),
        }
    }

    fn values_words(&self, values: &Values) -> String {
        let both = values.values;
        let at = if values.index.is_empty() {
            String::new()
        } else {
            let byte = if values.by_bits() { "byte " } else { "" };
            format!(" at {byte}{:?}", values.index)
        };
        let apart = match values.ulps {
            Some(ulps) => format!("{} apart", ulps_words(ulps)),
            None if values.by_bits() => format!("compared by bits: dtype {}", both[0].dtype()),
            None => "no distance: not a number".to_owned(),
        };
        format!("{at}{}\n  {apart}", self.side_by_side(&both.map(Value::text)))
    }

    /// A line for each side.
    fn side_by_side(&self, [x, y]: &[String; 2]) -> String {
        let [a, b] = self.sides;
        let width = a.chars().count().max(b.chars().count());
        format!("\n  {a:width$}  {x}\n  {b:width$}  {y}")
    }

    /// A key in words: `tanh/000006/state/fc1.bias.exp_avg` as "tanh, step 6,
    /// state, ..."; one of other origin, or a cell's place, as it is.
    pub(super) fn key_words(&self, key: &Key) -> String {
        let place = key.place().filter(|_| self.noun == Noun::Tensor);
        let words = match place {
            None => key.to_string(),
            Some(Place { series: SHARED, step: 0, name, .. }) => format!("data, {name}"),
            Some(Place { series, phase: END, name, .. }) => format!("{series}, at the end, {name}"),
            Some(Place { series, step: 0, phase, name }) => {
                format!("{series}, at the start, {phase}, {name}")
            }
            Some(Place { series, step, phase, name }) => {
                format!("{series}, {} {step}, {phase}, {name}", self.step_word)
            }
        };
        escaped(&words).into_owned()
    }
}

/// The name of the other side.
pub(super) fn other(sides: Sides, side: &str) -> &'static str {
    sides[usize::from(sides[0] == side)]
}

/// "1 ULP", "1,234 ULPs".
fn ulps_words(ulps: u64) -> String {
    counted(usize::try_from(ulps).unwrap_or(usize::MAX), "ULP")
}

/// What is said of a place, on its line or, where that would be wider than 80
/// columns behind "first divergence (local): ", on the next.
fn beside(place: &str, said: &str) -> String {
    let fits = place.chars().count() + said.chars().count() <= 52;
    format!("{place}:{}{said}", if fits { " " } else { "\n  " })
}
