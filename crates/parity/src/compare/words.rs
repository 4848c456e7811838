//! A report in words and tables.

use std::fmt;

use super::difference::{Difference, Values, What};
use super::records::OTHER;
use super::report::Noun;
use super::verdict::{tally_row, tally_table, tolerance_text, verdict_of};
use super::{Report, Tally, Tolerance, Verdict};
use crate::text::{counted, elided, escaped, repr, table, thousands};
use parity_record::{END, Key, Place, SHARED};

/// Rows of a table by phase or column beyond which only those that differ are
/// shown.
pub(super) const MOST_ROWS: usize = 24;

impl fmt::Display for Report {
    /// The table by phase, the verdict, and what led to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.settings.is_empty() {
            writeln!(f, "verdict: diverged: runs of other settings, nothing was compared")?;
            return write!(f, "{}", self.divergence());
        }
        let total = self.total();
        writeln!(f, "{}", self.phase_table(&total))?;
        for note in &self.notes {
            writeln!(f, "{}", escaped(note))?;
        }
        if total.nans > 0 {
            writeln!(f, "not a number on one side or both: {}", counted(total.nans, "value"))?;
        }
        if self.resynced {
            let [a, b] = &self.sides;
            writeln!(f, "resynced: after each step {a} goes on from {b}'s values")?;
        }
        let verdict = format!("verdict: {}", self.verdict_line(&total));
        let fits = verdict.chars().count() <= 80;
        writeln!(f, "{}", if fits { verdict } else { verdict.replace("): ", "):\n  ") })?;
        write!(f, "{}", self.divergence())
    }
}

impl Report {
    fn phase_table(&self, total: &Tally) -> String {
        let mut rows = self.phases();
        if rows.len() > MOST_ROWS {
            rows.retain(|(_, tally)| tally.differs());
            rows.truncate(MOST_ROWS);
        }
        if rows.len() == 1 && rows[0].0 == OTHER {
            rows.clear(); // of other origin: nothing tells phases apart
        }
        rows.push(("all".to_owned(), total.clone()));
        let tolerance = self.tolerance.or(self.per_key.then(Tolerance::default));
        match self.noun {
            // What values differ by is not known, but of the few that were told.
            Noun::Tensor if self.digests => {
                let rows = rows.iter().map(|(name, tally)| {
                    let [name, tensors, equal, ..] = tally_row(name, tally);
                    [name, tensors, equal]
                });
                table(&["phase", "tensors", "equal"], rows)
            }
            Noun::Tensor => tally_table("phase", &rows, tolerance),
            Noun::Cell => {
                let equal = if tolerance.is_some() { "close" } else { "equal" };
                let rows = rows.iter().map(|(name, tally)| {
                    let [name, cells, equal, _, _, ulps, error] = tally_row(name, tally);
                    [name, cells, equal, ulps, error]
                });
                table(&["column", "cells", equal, "max ULPs", "max error"], rows)
            }
        }
    }

    /// The verdict in words, with the counts that it rests on.
    pub(super) fn verdict_line(&self, total: &Tally) -> String {
        let own = if self.per_key { "some keys' own" } else { "" };
        let both = self.tolerance.map(tolerance_text).into_iter();
        let both = both.chain((!own.is_empty()).then(|| own.to_owned()));
        if self.digests && self.verdict() == Verdict::Exact {
            let tensors = counted(total.tensors, "tensor");
            return format!("exact: {tensors}, the same digests");
        }
        verdict_of(self.noun, self.verdict(), total, &both.collect::<Vec<_>>().join("; "))
    }

    /// The settings that differ, or where the two first part and what tolerance
    /// would pass; empty where nothing differs.
    pub fn divergence(&self) -> String {
        let Some(first) = self.failing().next() else {
            let [a, b] = &self.sides;
            let line = |(name, [x, y]): &(String, [String; 2])| {
                let [name, x, y] = [name, or_none(x), or_none(y)].map(escaped);
                format!("  {name}: {x} for {a}, {y} for {b}\n")
            };
            return self.settings.iter().map(line).collect();
        };
        let (origin, origins) =
            if self.resynced { (" (local)", self.origins()) } else { ("", String::new()) };
        if self.digests {
            return format!("first divergence: {}\n", self.told(first));
        }
        format!(
            "first divergence{origin}: {}\nsmallest tolerance that passes: {}\n{origins}",
            self.told(first),
            self.needed_text()
        )
    }

    /// Of resynced runs: in how many steps errors arose, and by phase how many
    /// tensors are wrong by themselves (local) or by what came before them in
    /// the same step (inherited).
    pub fn origins(&self) -> String {
        let row = |name: &str, tally: &Tally| {
            let differ = tally.tensors - tally.tensors_equal;
            [escaped(name).into_owned(), thousands(tally.local), thousands(differ - tally.local)]
        };
        let phases = self.phases();
        let mut rows: Vec<_> = phases.iter().map(|(name, tally)| row(name, tally)).collect();
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
    pub(super) fn told(&self, difference: &Difference) -> String {
        let [a, b] = &self.sides;
        let place = self.place(&difference.key);
        match &difference.what {
            What::OnlyIn(side) => {
                let ends = self.beyond(difference).map(|(shorter, end)| {
                    let series = difference.key.place().map_or("", |place| place.series);
                    let (side, word) = (&self.sides[shorter], &self.step_word);
                    format!("\n  {side} ends at {word} {end} of {}", escaped(series))
                });
                let only = format!("only {} has it", self.sides[*side]);
                beside(&place, &only) + &ends.unwrap_or_default()
            }
            What::Tail { side, lines, last } => {
                let [longer, shorter] = [&self.sides[*side], &self.sides[1 - side]];
                let after = if last.is_empty() {
                    "has no line".to_owned()
                } else {
                    format!("ends after {}", escaped(last))
                };
                format!(
                    "{place}: only {longer} has it\n  {shorter} {after}, {longer} has {} more",
                    counted(*lines, "line")
                )
            }
            What::Dtype([x, y]) => format!("{place}: dtype {x} for {a}, {y} for {b}"),
            What::Shape([x, y]) => beside(&place, &format!("shape {x:?} for {a}, {y:?} for {b}")),
            What::Digest([x, y]) => {
                let width = a.chars().count().max(b.chars().count());
                let lines = format!("\n  {a:width$}  {x}\n  {b:width$}  {y}");
                format!("{place}: other digests, values were not kept{lines}")
            }
            What::Text([x, y]) => {
                let width = a.chars().count().max(b.chars().count());
                let room = 76_usize.saturating_sub(width).max(20);
                let [x, y] = [x, y].map(|text| elided(&format!("\"{}\"", escaped(text)), room));
                format!("{place}\n  {a:width$}  {x}\n  {b:width$}  {y}")
            }
            What::Values(values) => format!("{place}{}", self.values_told(values)),
        }
    }

    fn values_told(&self, values: &Values) -> String {
        let [a, b] = &self.sides;
        let [x, y] = values.first;
        let at = if values.index.is_empty() {
            String::new()
        } else {
            let byte = if x.number().is_none() && x.parts().is_none() { "byte " } else { "" };
            format!(" at {byte}{:?}", values.index)
        };
        let apart = match x.ulps(y) {
            Some(ulps) => format!("{} apart", ulps_text(ulps)),
            None if values.by_bits => format!("compared by bits: dtype {}", x.dtype()),
            None => "no distance: not a number".to_owned(),
        };
        let width = a.chars().count().max(b.chars().count());
        format!("{at}\n  {a:width$}  {}\n  {b:width$}  {}\n  {apart}", x.text(), y.text())
    }

    /// A key in words: `tanh/000006/state/fc1.bias.exp_avg` as "tanh, step 6,
    /// state, ..."; one of other origin, or a cell's place, as it is.
    pub(super) fn place(&self, key: &Key) -> String {
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

    fn needed_text(&self) -> String {
        match self.needed {
            [None, None] => "none".to_owned(),
            [Some(absolute), None] => format!("atol {}", repr(absolute.atol)),
            [None, Some(relative)] => format!("rtol {}", repr(relative.rtol)),
            [Some(absolute), Some(relative)] => {
                let (atol, rtol) = (repr(absolute.atol), repr(relative.rtol));
                format!("atol {atol} alone,\n  or rtol {rtol} alone")
            }
        }
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// "1 ULP", "1,234 ULPs".
pub(super) fn ulps_text(ulps: u64) -> String {
    counted(usize::try_from(ulps).unwrap_or(usize::MAX), "ULP")
}

/// What is said of a place, on its line or, where that would be wider than 80
/// columns behind "first divergence (local): ", on the next.
fn beside(place: &str, said: &str) -> String {
    let fits = place.chars().count() + said.chars().count() <= 52;
    format!("{place}:{}{said}", if fits { " " } else { "\n  " })
}
