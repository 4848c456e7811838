//! Verdicts and counts in words.

use super::report::Noun;
use super::{Tally, Tolerance, Verdict};
use crate::text::{counted, elided, escaped, repr, table, thousands};

/// A row for each tally under its name, which is a `what`.
pub fn tally_table(what: &str, rows: &[(String, Tally)], tolerance: Option<Tolerance>) -> String {
    let equal = if tolerance.is_some() { "close" } else { "equal" };
    let header = [what, "tensors", equal, "values", equal, "max ULPs", "max error"];
    table(&header, rows.iter().map(|(name, tally)| tally_row(name, tally)))
}

pub(super) fn tally_row(name: &str, tally: &Tally) -> [String; 7] {
    let (ulps, error) = match tally.nans {
        0 => (ulps_short(tally.max_ulps), short(tally.max_abs)),
        _ if tally.max_ulps == 0 => ("nan".to_owned(), "nan".to_owned()),
        _ => (ulps_short(tally.max_ulps), short(tally.max_abs)),
    };
    [
        elided(&escaped(name), 20),
        thousands(tally.tensors),
        thousands(tally.tensors_equal),
        thousands(tally.values),
        thousands(tally.values_equal),
        ulps,
        error,
    ]
}

/// The verdict in words, with the counts that it rests on.
pub fn verdict_line(verdict: Verdict, total: &Tally, tolerance: Option<Tolerance>) -> String {
    verdict_of(Noun::Tensor, verdict, total, &tolerance.map_or(String::new(), tolerance_text))
}

pub(super) fn tolerance_text(tolerance: Tolerance) -> String {
    format!("rtol {}, atol {}", repr(tolerance.rtol), repr(tolerance.atol))
}

pub(super) fn verdict_of(noun: Noun, verdict: Verdict, total: &Tally, tolerance: &str) -> String {
    let what = noun.word();
    let counts = match noun {
        Noun::Tensor => {
            format!("{}, {}", counted(total.tensors, what), counted(total.values, "value"))
        }
        Noun::Cell => counted(total.tensors, what),
    };
    match verdict {
        Verdict::Diverged => {
            let failing = total.tensors - total.tensors_equal;
            let differ = if failing == 1 && total.tensors == 1 { "differs" } else { "differ" };
            format!("diverged: {} of {} {differ}", thousands(failing), counted(total.tensors, what))
        }
        Verdict::WithinTolerance => format!("within tolerance ({tolerance}): {counts}"),
        Verdict::Exact => match noun {
            Noun::Tensor => format!("exact: {counts}, the same bits"),
            Noun::Cell => format!("exact: {counts}, the same numbers and words"),
        },
    }
}

impl Noun {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tensor => "tensor",
            Self::Cell => "cell",
        }
    }
}

/// A distance that leaves room for the other columns.
pub(super) fn ulps_short(n: u64) -> String {
    if n < 100_000_000 { thousands(n as usize) } else { format!("{:.1e}", n as f64) }
}

/// An error in about three digits.
pub(super) fn short(x: f64) -> String {
    match x {
        0.0 => "0".to_owned(),
        0.01..1e6 => format!("{x:.2}"),
        _ => format!("{x:.2e}"),
    }
}
