//! The statistics of a sweep: what many seeds say of an activation, and of two.

use std::cmp::Ordering;

use parity::text::{Number, as_number};
use serde::{Serialize, Serializer};
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::statistics::Statistics;

/// Of every interval here.
pub const CONFIDENCE: f64 = 0.95;

/// What a sample of values says.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Their arithmetic mean.
    #[serde(serialize_with = "as_number")]
    pub mean: f64,
    /// Their median.
    #[serde(serialize_with = "as_number")]
    pub median: f64,
    /// Their standard deviation, with n - 1 as the divisor; NaN for one value.
    #[serde(serialize_with = "as_number")]
    pub sd: f64,
    /// The interval of the mean, see [`t_interval`].
    #[serde(serialize_with = "as_numbers")]
    pub mean_interval: [f64; 2],
    /// The quantiles between which 95 % of the values lie.
    #[serde(serialize_with = "as_numbers")]
    pub middle: [f64; 2],
}

fn as_numbers<S: Serializer>(both: &[f64; 2], serializer: S) -> Result<S::Ok, S::Error> {
    both.map(Number).serialize(serializer)
}

/// Summarises `values`, of which there is at least one.
pub fn summarise(values: &[f64]) -> Summary {
    let sorted = sorted(values);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Summary {
        mean: mean(values),
        median: quantile(&sorted, 0.5),
        sd: sd(values),
        mean_interval: t_interval(values),
        middle: [quantile(&sorted, tail), quantile(&sorted, 1.0 - tail)],
    }
}

/// The arithmetic mean. Where it is not finite, it does not depend on the order.
pub fn mean(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    if sum.is_finite() { values.mean() } else { sum }
}

/// The standard deviation; NaN where a value is not finite.
fn sd(values: &[f64]) -> f64 {
    if values.iter().all(|value| value.is_finite()) { values.std_dev() } else { f64::NAN }
}

/// Student's t interval of the mean: mean ± t(0.975, n - 1) · sd / √n. It asks
/// for nearly normal means, which hundreds of seeds have. NaN for one value.
pub fn t_interval(values: &[f64]) -> [f64; 2] {
    if values.len() < 2 {
        return [f64::NAN; 2];
    }
    let n = values.len() as f64;
    let t = StudentsT::new(0.0, 1.0, n - 1.0)
        .expect("n - 1 is positive")
        .inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
    let half = t * sd(values) / n.sqrt();
    [mean(values) - half, mean(values) + half]
}

/// The values in ascending order, NaN of either sign last.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(nan_last);
    sorted
}

/// The order of numbers, with NaN above all of them.
pub fn nan_last(a: &f64, b: &f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(b))
}

/// The quantile `q` of sorted values, as `numpy.quantile` interpolates it.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = q * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    // Equal ends also where they are infinite, whose difference is NaN.
    if below == above { below } else { below + (above - below) * rank.fract() }
}

/// Two activations over the same seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Paired {
    /// The mean of the differences a - b.
    pub mean: f64,
    /// Its interval, see [`t_interval`].
    pub interval: [f64; 2],
    /// The share of seeds in which a is below b.
    pub a_ahead: f64,
}

/// Whether something holds, as far as the seeds decide it; the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// The whole interval says so.
    Yes,
    /// The interval says both, or there is none.
    Open,
    /// The whole interval says the opposite.
    No,
}

impl Paired {
    /// Compares `a` with `b`, seed by seed.
    pub fn new(a: &[f64], b: &[f64]) -> Self {
        let differences: Vec<_> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let ahead = a.iter().zip(b).filter(|(a, b)| a < b).count();
        Self {
            mean: mean(&differences),
            interval: t_interval(&differences),
            a_ahead: ahead as f64 / differences.len() as f64,
        }
    }

    /// Whether a is lower on average.
    pub fn a_is_lower(&self) -> Holds {
        match self.interval {
            [_, high] if high < 0.0 => Holds::Yes,
            [low, _] if low > 0.0 => Holds::No,
            _ => Holds::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a t table: t(0.975, 2) = 4.3027, t(0.975, 9) = 2.2622.
    #[test]
    fn the_interval_is_that_of_a_t_table() {
        let [low, high] = t_interval(&[1.0, 2.0, 3.0]);
        assert!((high - (2.0 + 4.3027 / 3_f64.sqrt())).abs() < 1e-4, "{high}");
        assert!((low + high - 4.0).abs() < 1e-12);
        let ten: Vec<_> = (1..=10).map(f64::from).collect();
        let half = 2.2622 * (82.5_f64 / 9.0).sqrt() / 10_f64.sqrt();
        assert!((t_interval(&ten)[1] - (5.5 + half)).abs() < 1e-3);
        // t(0.975, 1) = 12.7062; of one value there is none.
        assert!((t_interval(&[1.0, 2.0])[1] - (1.5 + 12.7062 / 2.0)).abs() < 1e-4);
        assert!(t_interval(&[1.0])[0].is_nan());
    }

    #[test]
    fn quantiles_interpolate_as_numpys_default_does() {
        // numpy.quantile([1, 2, 4, 8], [0.5, 0.025, 1]) is 3, 1.075, 8.
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&values, 0.5), 3.0);
        assert_eq!(quantile(&values, 0.025), 1.075);
        assert_eq!(quantile(&values, 1.0), 8.0);
    }

    #[test]
    fn a_loss_that_is_not_finite_counts_the_same_in_any_place() {
        let inf = f64::INFINITY;
        let bits = |values: &[f64]| {
            let of = summarise(values);
            [of.mean, of.sd, of.mean_interval[0], of.middle[1]].map(|x| (x.is_nan(), x.is_finite()))
        };
        for lost in [inf, f64::NAN] {
            let first = [lost, 1.0, 2.0, 3.0];
            for place in 1..4 {
                let mut values = [1.0, 2.0, 3.0, 3.0];
                values[place..].rotate_right(1);
                values[place] = lost;
                values[..place].copy_from_slice(&first[1..=place]);
                values[place + 1..].copy_from_slice(&first[place + 1..]);
                assert_eq!(bits(&values), bits(&first), "{values:?}");
            }
        }
        assert_eq!(mean(&[1.0, inf, 2.0]), inf);
        assert_eq!(mean(&[inf, 1.0, 2.0]), inf);
        assert!(mean(&[inf, 1.0, -inf]).is_nan());
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
    }

    #[test]
    fn one_seed_decides_nothing() {
        assert_eq!(Paired::new(&[1.0], &[2.0]).a_is_lower(), Holds::Open);
    }

    #[test]
    fn a_lead_in_every_seed_is_decided_and_a_lost_run_decides_nothing() {
        let (a, b) = ([1.0, 1.1, 0.9, 1.0], [2.0, 2.1, 2.0, 1.9]);
        assert_eq!(Paired::new(&a, &b).a_is_lower(), Holds::Yes);
        assert_eq!(Paired::new(&b, &a).a_is_lower(), Holds::No);
        assert_eq!(Paired::new(&b, &a).a_ahead, 0.0);
        let same = Paired::new(&a, &a);
        assert_eq!((same.interval, same.a_is_lower()), ([0.0; 2], Holds::Open));
        assert_eq!(Paired::new(&[1.0, f64::NAN], &[2.0, 2.0]).a_is_lower(), Holds::Open);
    }
}
