//! A report in words and tables.

use std::fmt;

use super::{Difference, Report, Tally, Tolerance, Verdict};
use crate::text::{repr, table, thousands};
use crate::trace::{Key, Place, SHARED};

impl fmt::Display for Report {
    /// The table by phase, the verdict, and what led to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.settings.is_empty() {
            writeln!(f, "verdict: diverged: runs of other settings, nothing was compared")?;
            return write!(f, "{}", self.divergence());
        }
        let mut rows = self.phases.clone();
        rows.push(("all".to_owned(), self.total()));
        writeln!(f, "{}", tally_table("phase", &rows, self.tolerance))?;
        if self.resynced {
            let [a, b] = &self.sides;
            writeln!(f, "resynced: after each step {a} goes on from {b}'s values")?;
        }
        writeln!(f, "verdict: {}", verdict_line(self.verdict(), &self.total(), self.tolerance))?;
        write!(f, "{}", self.divergence())
    }
}

/// A row for each tally under its name, which is a `what`.
pub fn tally_table(what: &str, rows: &[(String, Tally)], tolerance: Option<Tolerance>) -> String {
    let row = |(name, tally): &(String, Tally)| {
        [
            name.clone(),
            thousands(tally.tensors),
            thousands(tally.tensors_equal),
            thousands(tally.values),
            thousands(tally.values_equal),
            ulps(tally.max_ulps),
            short(tally.max_abs),
        ]
    };
    let equal = if tolerance.is_some() { "close" } else { "equal" };
    table(&[what, "tensors", equal, "values", equal, "max ULPs", "max error"], rows.iter().map(row))
}

/// The verdict in words, with the counts that it rests on.
pub fn verdict_line(verdict: Verdict, total: &Tally, tolerance: Option<Tolerance>) -> String {
    let (tensors, values) = (thousands(total.tensors), thousands(total.values));
    match (verdict, tolerance) {
        (Verdict::Diverged, _) => format!(
            "diverged: {} of {tensors} tensors differ",
            thousands(total.tensors - total.tensors_equal)
        ),
        (Verdict::WithinTolerance, Some(tolerance)) => format!(
            "within tolerance (rtol {}, atol {}): {tensors} tensors, {values} values",
            repr(tolerance.rtol),
            repr(tolerance.atol)
        ),
        _ => format!("exact: {tensors} tensors, {values} values, the same bits"),
    }
}

impl Report {
    /// The settings that differ, or where the two first part and what tolerance
    /// would pass; empty where nothing differs.
    pub fn divergence(&self) -> String {
        let Some((key, difference)) = &self.first else {
            let [a, b] = &self.sides;
            let line = |(name, [x, y]): &(String, [String; 2])| {
                format!("  {name}: {} for {a}, {} for {b}\n", or_none(x), or_none(y))
            };
            return self.settings.iter().map(line).collect();
        };
        let (origin, origins) =
            if self.resynced { (" (local)", self.origins()) } else { ("", String::new()) };
        format!(
            "first divergence{origin}: {}\nsmallest tolerance that passes: {}\n{origins}",
            self.place(key, difference),
            self.needed_text()
        )
    }

    /// Of resynced runs: in how many steps errors arose, and by phase how many
    /// tensors are wrong by themselves (local) or by what came before them in
    /// the same step (inherited).
    pub fn origins(&self) -> String {
        let row = |name: &str, tally: &Tally| {
            let differ = tally.tensors - tally.tensors_equal;
            [name.to_owned(), thousands(tally.local), thousands(differ - tally.local)]
        };
        let mut rows: Vec<_> = self.phases.iter().map(|(name, tally)| row(name, tally)).collect();
        rows.push(row("all", &self.total()));
        let (wrong, all) = self.steps_wrong();
        format!(
            "steps with an error of their own: {} of {}\n\n{}",
            thousands(wrong),
            thousands(all),
            table(&["tensors that differ", "local", "inherited"], rows)
        )
    }

    /// Where a difference is, and what it is.
    fn place(&self, key: &Key, difference: &Difference) -> String {
        let [a, b] = &self.sides;
        let place = in_words(key);
        match difference {
            Difference::OnlyIn(side) => {
                format!("{place}: only {} has it", self.sides[*side])
            }
            Difference::Dtype([x, y]) => format!("{place}: dtype {x} for {a}, {y} for {b}"),
            Difference::Shape([x, y]) => format!("{place}: shape {x:?} for {a}, {y:?} for {b}"),
            Difference::Value { index, values: [x, y] } => {
                let at = if index.is_empty() { String::new() } else { format!(" at {index:?}") };
                let apart = match x.ulps(*y) {
                    Some(1) => "1 ULP apart".to_owned(),
                    Some(ulps) => format!("{} ULPs apart", thousands(ulps as usize)),
                    None => "no distance: not a number".to_owned(),
                };
                let width = a.len().max(b.len());
                format!(
                    "{place}{at}\n  {a:width$}  {}\n  {b:width$}  {}\n  {apart}",
                    x.text(),
                    y.text()
                )
            }
        }
    }

    fn needed_text(&self) -> String {
        match self.needed {
            None => "none".to_owned(),
            Some(needed) if needed.rtol.is_infinite() => format!("atol {}", repr(needed.atol)),
            Some(needed) => {
                format!("atol {} alone,\n  or rtol {} alone", repr(needed.atol), repr(needed.rtol))
            }
        }
    }
}

/// `tanh/000006/state/fc1.bias.exp_avg` as "tanh, epoch 6, state, ...".
fn in_words(key: &Key) -> String {
    match key.place() {
        None => key.to_string(),
        Some(Place { series: SHARED, name, .. }) => format!("data, {name}"),
        Some(Place { series, step: 0, phase, name }) => {
            format!("{series}, at the start, {phase}, {name}")
        }
        Some(Place { series, step, phase, name }) => {
            format!("{series}, epoch {step}, {phase}, {name}")
        }
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// A distance that leaves room for the other columns.
fn ulps(n: u64) -> String {
    if n < 100_000_000 { n.to_string() } else { format!("{:.1e}", n as f64) }
}

/// An error in about three digits.
fn short(x: f64) -> String {
    match x {
        0.0 => "0".to_owned(),
        0.01..1e6 => format!("{x:.2}"),
        _ => format!("{x:.2e}"),
    }
}
