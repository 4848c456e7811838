//! What stands around the first value that differs.

use serde::Serialize;

use super::Value;
use super::difference::{Difference, What, index};
use super::selection::Pair;

/// A value near the first one that differs, on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Nearby {
    /// Where it is; the byte, for dtypes smaller than one.
    pub index: Vec<usize>,
    /// The actual value and the expected one.
    pub values: [Value; 2],
    /// Their distance in units in the last place; None for NaN.
    pub ulps: Option<u64>,
}

/// How many values before and behind the first one are shown.
const REACH: usize = 3;

/// The values around that of `first`, itself among them, in row-major order;
/// `pairs` are in the order of keys. Empty where it is not a value that differs.
pub(super) fn around(pairs: &[Pair<'_>], first: &Difference) -> Vec<Nearby> {
    let What::Values(values) = &first.what else { return Vec::new() };
    let found = pairs.binary_search_by(|pair| (*pair.key).cmp(&first.key));
    let Ok(Pair { actual: Some(actual), expected: Some(expected), .. }) =
        found.map(|at| &pairs[at])
    else {
        return Vec::new();
    };
    let (dtype, shape) = (expected.dtype(), expected.shape());
    let small = dtype.bitsize() < 8;
    let along = values.index.iter().zip(shape);
    let place = if small { values.index[0] } else { along.fold(0, |i, (at, n)| i * n + at) };
    let width = Value::width(dtype);
    let count = expected.bytes().len() / width;
    let near = place.saturating_sub(REACH)..count.min(place + REACH + 1);
    let nearby = |i: usize| {
        let bytes = [&**actual, expected].map(|array| &array.bytes()[i * width..][..width]);
        let values = bytes.map(|bytes| Value::new(dtype, bytes));
        let index = if small { vec![i] } else { index(i, shape) };
        Nearby { index, values, ulps: values[0].ulps(values[1]) }
    };
    near.map(nearby).collect()
}
