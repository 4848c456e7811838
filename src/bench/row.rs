//! What came out, as numbers, as CSV and as JSON.

use anyhow::Result;
use serde::Serialize;
use torch_parity::nn::Activation;

use crate::bench::case::{Case, Measure};
use crate::export::to_csv;

/// A case, and what every round found.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was measured.
    pub case: Case,
    /// The Python twin.
    pub python: Vec<f64>,
    /// Our plain loop; empty where a whole process was measured.
    pub plain: Vec<f64>,
    /// What we run: the fast loop.
    pub rust: Vec<f64>,
}

impl Measured {
    /// Before the first round.
    pub fn new(case: Case) -> Self {
        Self { case, python: vec![], plain: vec![], rust: vec![] }
    }

    /// Ours by Python's, round by round.
    pub fn ratio(&self) -> Option<Spread> {
        let ratios: Vec<_> = self.rust.iter().zip(&self.python).map(|(a, b)| a / b).collect();
        Spread::of(&ratios)
    }
}

/// Rounds in three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one, or the mean of the middle two.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Spread {
    /// None where there are no rounds.
    pub fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&low, &high) = (sorted.first()?, sorted.last()?);
        let middle = sorted.len() / 2;
        let median = f64::midpoint(sorted[middle], sorted[(sorted.len() - 1) / 2]);
        Some(Self { median, low, high })
    }
}

/// A row of the CSV and of the JSON; absent values are empty cells.
#[derive(Serialize)]
pub(super) struct BenchRow<'t> {
    table: &'t str,
    measure: Measure,
    activation: Option<&'static str>,
    samples: i64,
    hidden: i64,
    layers: usize,
    epochs: usize,
    threads: i32,
    jobs: usize,
    of: &'static str,
    median: f64,
    low: f64,
    high: f64,
}

/// For each row Python, our plain loop, what we run, and the latter's ratio to
/// Python.
pub fn csv<'r>(rows: impl Iterator<Item = (&'r str, &'r Measured)>) -> Result<Vec<u8>> {
    to_csv(bench_rows(rows))
}

/// As [`csv`] writes them.
pub(super) fn bench_rows<'r>(
    rows: impl Iterator<Item = (&'r str, &'r Measured)>,
) -> impl Iterator<Item = BenchRow<'r>> {
    rows.flat_map(|(table, row)| {
        let Case { measure, activation, samples, hidden, layers, epochs, threads, jobs } = row.case;
        let activation = activation.map(Activation::name);
        let of = [
            ("python", Spread::of(&row.python)),
            ("plain", Spread::of(&row.plain)),
            ("rust", Spread::of(&row.rust)),
            ("ratio", row.ratio()),
        ];
        of.into_iter().filter_map(move |(of, spread)| {
            let Spread { median, low, high } = spread?;
            Some(BenchRow {
                table,
                measure,
                activation,
                samples,
                hidden,
                layers,
                epochs,
                threads,
                jobs,
                of,
                median,
                low,
                high,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_median_is_the_middle_round_or_the_mean_of_two() {
        let odd = Spread { median: 2.0, low: 1.0, high: 9.0 };
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0]), Some(odd));
        let even = Spread { median: 3.0, low: 1.0, high: 9.0 };
        assert_eq!(Spread::of(&[4.0, 9.0, 1.0, 2.0]), Some(even));
        assert_eq!(Spread::of(&[]), None);
    }
}
