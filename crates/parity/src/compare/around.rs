//! What stands around the first value that differs.

use anyhow::Result;
use parity_record::Key;
use serde::Serialize;

use super::Value;
use super::difference::{Values, unravel_index};
use super::selection::Selection;
use super::side::Reader;

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

/// The values around the first of `values`, which are those of the tensor of this key:
/// itself among them, in row-major order.
pub(super) fn around(selection: &Selection<'_>, key: &Key, values: &Values) -> Result<Vec<Nearby>> {
    let mut pairs = 0..selection.pairs.len();
    let at = pairs.find(|&at| selection.key(at) == key.as_str()).expect("it was compared");
    let [actual, expected] = selection.both(at);
    let (dtype, shape) = selection.sides[1].form(expected);
    let small = dtype.bitsize() < 8;
    let along = values.index.iter().zip(shape);
    let place = if small { values.index[0] } else { along.fold(0, |i, (at, n)| i * n + at) };
    let width = Value::width(dtype);
    let count = selection.sides[1].size(expected) / width;
    let near = place.saturating_sub(REACH)..count.min(place + REACH + 1);
    let part = near.start * width..near.end * width;
    let theirs = Reader::new(&selection.sides[1]).bytes(expected, part.clone())?.to_vec();
    let ours = if selection.pairs[at].transposed {
        selection.sides[0].array(actual)?.transposed()?.bytes()[part].to_vec()
    } else {
        Reader::new(&selection.sides[0]).bytes(actual, part)?.to_vec()
    };
    let nearby = |(i, (a, e)): (usize, (&[u8], &[u8]))| {
        let values = [a, e].map(|bytes| Value::new(dtype, bytes));
        let index = if small { vec![i] } else { unravel_index(i, shape) };
        Nearby { index, values, ulps: values[0].ulps(values[1]) }
    };
    Ok(near.zip(ours.chunks(width).zip(theirs.chunks(width))).map(nearby).collect())
}
