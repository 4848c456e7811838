//! What a comparison came to, and that in words.

use serde::Serialize;

use super::report::Noun;
use super::{Report, Tally, Tolerance};
use crate::text::{counted, repr, thousands};

/// What the comparison came to, the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing that was compared differs, whether or not a tolerance was given: both
    /// sides have the same keys, and under each the same dtype, shape and bits.
    ///
    /// So NaN is equal to a NaN of the same bits only, and -0 is not equal to +0. What
    /// options leave out is counted and said. There are three ways to see that bits are
    /// the same, and [`summary`] says which it was:
    ///
    /// - Values are compared byte by byte: "the same bits".
    /// - Where a side has digests, those of dtype, shape and bytes are compared: "the
    ///   same digests".
    /// - Cells of tables are texts. Numbers are equal where they are the same decimal,
    ///   however it is spelled (0.5 and 5e-1), words where they are the same
    ///   characters, and the headers, too: "the same numbers and words".
    Exact,
    /// A tolerance was given, and every value is within it.
    WithinTolerance,
    /// Something differs.
    Diverged,
}

impl Report {
    /// What it came to: a [`Difference`](super::Difference) is whatever keeps two sides
    /// from being [exact](Verdict::Exact).
    pub fn verdict(&self) -> Verdict {
        if !self.settings.is_empty() || self.failing().next().is_some() {
            Verdict::Diverged
        } else if self.differences.is_empty() {
            Verdict::Exact
        } else {
            Verdict::WithinTolerance
        }
    }

    pub(super) fn summary(&self, total: &Tally) -> String {
        if !self.settings.is_empty() {
            return "diverged: the settings of the runs differ, so nothing was compared".to_owned();
        }
        let own = self.per_key.then(|| "some keys' own".to_owned());
        let both: Vec<_> = self.tolerance.map(Tolerance::words).into_iter().chain(own).collect();
        summary(self.verdict(), (self.noun, self.digests), total, &both.join("; "))
    }
}

/// The verdict in words, with the counts that it rests on; of what was compared, whether
/// a side has digests of it.
pub fn summary(
    verdict: Verdict,
    (noun, digests): (Noun, bool),
    total: &Tally,
    tolerance: &str,
) -> String {
    let all = counted(total.tensors, noun.word());
    let counts = match noun {
        Noun::Tensor => format!("{all}, {}", counted(total.values, "value")),
        Noun::Cell => all.clone(),
    };
    // What "exact" means stands at Verdict::Exact.
    match (verdict, noun) {
        (Verdict::Exact, _) if digests => format!("exact: {all}, the same digests"),
        (Verdict::Exact, Noun::Tensor) => format!("exact: {counts}, the same bits"),
        (Verdict::Exact, Noun::Cell) => format!("exact: {counts}, the same numbers and words"),
        (Verdict::WithinTolerance, _) => format!("within tolerance ({tolerance}): {counts}"),
        (Verdict::Diverged, _) => {
            let failing = total.tensors - total.tensors_equal;
            let differ = if failing == 1 && total.tensors == 1 { "differs" } else { "differ" };
            format!("diverged: {} of {all} {differ}", thousands(failing))
        }
    }
}

impl Tolerance {
    /// "rtol 1.3e-06, atol 1e-05".
    pub fn words(self) -> String {
        format!("rtol {}, atol {}", repr(self.rtol), repr(self.atol))
    }
}

impl Noun {
    /// `tensor` or `cell`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tensor => "tensor",
            Self::Cell => "cell",
        }
    }
}
