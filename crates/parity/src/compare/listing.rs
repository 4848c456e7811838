//! Every difference in a line of its own.

use super::difference::{Difference, What};
use super::verdict::{short, ulps_short};
use super::{Report, Values};
use crate::text::{counted, elided, escaped, thousands};

impl Report {
    /// A line for each difference in the order of events, at most `limit`, in at
    /// most 80 columns: its key, how many of its values differ, the largest ULPs
    /// and the largest error; what passes all the same is marked `ok`. All
    /// tensors that a side lacks because it ends earlier share a line. Empty
    /// where nothing differs.
    pub fn listing(&self, limit: usize) -> String {
        let mut lines = Vec::new();
        let mut differences = self.differences.iter().peekable();
        while let Some(difference) = differences.next() {
            let tail = self.tail(difference);
            let mut tensors = difference.count;
            while tail.is_some() && differences.peek().is_some_and(|next| self.tail(next) == tail) {
                tensors += differences.next().map_or(0, |next| next.count);
            }
            lines.push((difference, tail, tensors));
        }
        if lines.is_empty() {
            return String::new();
        }
        let what = self.noun.word();
        let title = format!("{what:WIDTH$} {:>13} {:>9} {:>9}\n", "differ", "ULPs", "error");
        let shown = lines.iter().take(limit).map(|(difference, tail, tensors)| match tail {
            None => self.line(difference),
            Some((series, shorter, end)) => {
                let (side, word) = (&self.sides[*shorter], &self.step_word);
                let key = elided(&escaped(series), 30);
                let missing = counted(*tensors, "tensor");
                elided(&format!("{key}: {side} ends at {word} {end}, {missing} missing"), 80) + "\n"
            }
        });
        let rest = lines.len().saturating_sub(limit);
        let more =
            if rest == 0 { String::new() } else { format!("and {} more\n", thousands(rest)) };
        title + &shown.collect::<String>() + &more
    }

    /// Series, side that ends, and its last step, of a tensor beyond that.
    fn tail<'a>(&self, difference: &'a Difference) -> Option<(&'a str, usize, usize)> {
        let (shorter, end) = self.beyond(difference)?;
        Some((difference.key.place()?.series, shorter, end))
    }

    fn line(&self, difference: &Difference) -> String {
        let key = elided(&escaped(difference.key.as_str()), WIDTH);
        let [a, b] = &self.sides;
        let told = match &difference.what {
            What::OnlyIn(side) => format!("only {} has it", self.sides[*side]),
            What::Tail { side, lines, .. } => {
                format!("{} more for {}", counted(*lines, "line"), self.sides[*side])
            }
            What::Dtype([x, y]) => format!("dtype {x} for {a}, {y} for {b}"),
            What::Shape([x, y]) => format!("shape {x:?} for {a}, {y:?} for {b}"),
            What::Digest(_) => "different digests".to_owned(),
            What::Text([x, y]) => {
                let [x, y] = [x, y].map(|text| elided(&escaped(text), 12));
                format!("\"{x}\" for {a}, \"{y}\" for {b}")
            }
            What::Values(values) => values_line(values, difference.passes),
        };
        format!("{key:WIDTH$} {}\n", elided(&told, 79 - WIDTH))
    }
}

/// The columns of a key.
const WIDTH: usize = 42;

fn values_line(values: &Values, passes: bool) -> String {
    let all =
        elided(&format!("{} of {}", thousands(values.differing), thousands(values.count)), 13);
    let (ulps, error) = match values {
        Values { by_bits: true, .. } => ("by bits".to_owned(), String::new()),
        Values { nans: 1.., max_ulps: 0, .. } => ("nan".to_owned(), "nan".to_owned()),
        _ => (ulps_short(values.max_ulps), short(values.max_abs)),
    };
    let mark = if passes { " ok" } else { "" };
    format!("{all:>13} {ulps:>9} {error:>9}{mark}")
}
