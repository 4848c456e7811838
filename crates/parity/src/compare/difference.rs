//! How two tensors of one key differ.

use parity_record::{Array, Dtype, Key};
use serde::Serialize;

use super::blocks::Piece;
use super::needed::Needed;
use super::{Nearby, Tolerance, Value};
use crate::text::as_number;

/// A tensor, or a cell of a table, that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// `series/step/phase/name`, where it is one of ours; of a cell, its place.
    pub key: Key,
    /// How it differs.
    pub what: What,
    /// Whether the tolerance lets it pass.
    pub passes: bool,
    /// How many tensors or cells it stands for: more than one for a line or a
    /// column of a table that one side lacks.
    pub(super) count: usize,
    /// The place of its phase, or of its column, among the report's groups.
    pub(super) group: usize,
    /// Its step, 0 where it has none; of a cell, its row in A from 1 on.
    pub(super) step: usize,
}

/// How a tensor or a cell differs. Serialised, `kind` says which of these it is.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Only one side has it.
    OnlyIn {
        /// The side's name.
        side: &'static str,
        /// The last step that the other has of the series, where it ends earlier.
        other_ends: Option<usize>,
    },
    /// Only one side of two tables has the last lines.
    Lines {
        /// The side's name.
        side: &'static str,
        /// How many lines the other lacks.
        lines: usize,
        /// The last line of the other, in words; empty where it has none.
        last: String,
    },
    /// Of another dtype.
    Dtype {
        /// Both dtypes.
        dtypes: [Dtype; 2],
    },
    /// Of another shape.
    Shape {
        /// Both shapes.
        shapes: [Vec<usize>; 2],
    },
    /// Of another digest, where a side has no values.
    Digest {
        /// Both digests, in hexadecimal.
        digests: [String; 2],
    },
    /// Other words, or numbers that no float tells apart.
    Text {
        /// Both texts.
        texts: [String; 2],
    },
    /// Some values.
    Values(Box<Values>),
}

/// The values of two tensors that differ.
#[derive(Clone, Debug, Serialize)]
pub struct Values {
    /// Where the first value is that does not pass, or, where all pass, the first
    /// whose bits differ; the byte, for dtypes smaller than one.
    pub index: Vec<usize>,
    /// Both sides' value there.
    pub values: [Value; 2],
    /// Their distance in units in the last place; None for NaN.
    pub ulps: Option<u64>,
    /// How many there are in the tensor.
    pub count: usize,
    /// How many have other bits.
    pub differing: usize,
    /// How many do not pass: as many, where there is no tolerance.
    pub failing: usize,
    /// The largest distance of two numbers in units in the last place.
    pub max_ulps: u64,
    /// The largest absolute difference of two numbers.
    #[serde(serialize_with = "as_number")]
    pub max_abs: f64,
    /// Pairs that do not pass, or have other bits, and hold NaN.
    pub nans: usize,
    /// The values around the first one, of the first divergence only.
    pub around: Vec<Nearby>,
}

/// When values pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct PassRule {
    pub tolerance: Option<Tolerance>,
    pub equal_nan: bool,
}

impl PassRule {
    pub fn passes(self, actual: Value, expected: Value) -> bool {
        match self.tolerance {
            None => actual == expected,
            Some(tolerance) => tolerance.passes(actual, expected, self.equal_nan),
        }
    }

    /// Whether equal bytes pass whatever they are: NaN may not.
    fn passes_equals(self) -> bool {
        self.tolerance.is_none() || self.equal_nan
    }
}

/// How two parts of tensors differ; None where they have the same bytes and pass.
/// The index is that in the tensor, in row-major order.
pub(super) fn of(piece: &Piece<'_>, rule: PassRule, needed: &mut Needed) -> Option<Values> {
    let mut values = None;
    piece.suspects(rule, |i, pair| {
        rule.count(i, pair, &mut values, needed);
        true
    });
    if values.is_some() {
        needed.see(piece.dtype, piece.actual);
        needed.see(piece.dtype, piece.expected);
    }
    values
}

impl PassRule {
    /// Whether all values pass.
    pub fn pass(self, piece: &Piece<'_>) -> bool {
        piece.suspects(self, |_, [actual, expected]| self.passes(actual, expected))
    }

    /// Counts the `i`th values of a tensor among those that differ, if they do.
    fn count(self, i: usize, [a, e]: [Value; 2], found: &mut Option<Values>, needed: &mut Needed) {
        let (equal, passes) = (a == e, self.passes(a, e));
        if equal && passes {
            return;
        }
        let values = found.get_or_insert_with(|| Values::at(i, [a, e]));
        if !passes && values.failing == 0 {
            (values.index, values.values, values.ulps) = (vec![i], [a, e], a.ulps(e));
        }
        values.differing += usize::from(!equal);
        values.failing += usize::from(!passes);
        values.nans += usize::from(a.is_nan() || e.is_nan());
        values.max_ulps = values.max_ulps.max(a.ulps(e).unwrap_or(0));
        values.max_abs = values.max_abs.max(a.distance(e).unwrap_or(0.0)); // NaN is no maximum
        needed.include(a, e);
    }
}

impl Piece<'_> {
    /// Hands over the values that may not pass, or have other bits, with their
    /// index in the tensor, as long as `go_on` says so; returns whether it did.
    fn suspects(&self, rule: PassRule, mut go_on: impl FnMut(usize, [Value; 2]) -> bool) -> bool {
        let Piece { dtype, actual, expected, .. } = *self;
        let skips = rule.passes_equals();
        if actual == expected && (skips || !has_nan(dtype, actual)) {
            return true;
        }
        let width = Value::width(dtype);
        let start = self.from / width;
        // Whole blocks of equal bytes are many, and quickly passed over.
        let block = 64 * width;
        let blocks = actual.chunks(block).zip(expected.chunks(block));
        for (at, (a, e)) in blocks.enumerate().filter(|(_, (a, e))| !skips || a != e) {
            for (i, (a, e)) in a.chunks_exact(width).zip(e.chunks_exact(width)).enumerate() {
                let values = || [a, e].map(|bytes| Value::new(dtype, bytes));
                if (a != e || !skips) && !go_on(start + at * 64 + i, values()) {
                    return false;
                }
            }
        }
        true
    }
}

/// A digest in hexadecimal.
pub(crate) fn hex(digest: &Array) -> String {
    let bytes = digest.bytes().try_into().expect("a digest has 16 bytes");
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Whether there is NaN among the values.
fn has_nan(dtype: Dtype, bytes: &[u8]) -> bool {
    match dtype {
        Dtype::F32 | Dtype::C64 => {
            bytes.as_chunks().0.iter().any(|&bytes| f32::from_ne_bytes(bytes).is_nan())
        }
        Dtype::F64 => bytes.as_chunks().0.iter().any(|&bytes| f64::from_ne_bytes(bytes).is_nan()),
        _ if Value::new(dtype, &[]).is_whole() => false,
        _ => bytes.chunks(Value::width(dtype)).any(|bytes| Value::new(dtype, bytes).is_nan()),
    }
}

impl Values {
    fn at(i: usize, values: [Value; 2]) -> Self {
        Self {
            index: vec![i],
            values,
            ulps: values[0].ulps(values[1]),
            count: 0,
            differing: 0,
            failing: 0,
            max_ulps: 0,
            max_abs: 0.0,
            nans: 0,
            around: Vec::new(),
        }
    }

    /// Takes in what was found of the next part of the tensor.
    pub(super) fn join(&mut self, next: &mut Self) {
        if self.failing == 0 && next.failing > 0 {
            self.index = std::mem::take(&mut next.index);
            (self.values, self.ulps) = (next.values, next.ulps);
        }
        self.differing += next.differing;
        self.failing += next.failing;
        self.nans += next.nans;
        self.max_ulps = self.max_ulps.max(next.max_ulps);
        self.max_abs = self.max_abs.max(next.max_abs);
    }

    /// Makes the index one along each dimension of the tensor, which has so many bytes.
    pub(super) fn unravel(&mut self, size: usize, (dtype, shape): (Dtype, &[usize])) {
        if dtype.bitsize() >= 8 {
            self.index = unravel_index(self.index[0], shape);
        }
        self.count = size / Value::width(dtype);
    }

    /// Of a table's cell.
    pub(super) fn of_one(values: [Value; 2], passes: bool) -> Self {
        let mut found = Some(Self::at(0, values));
        let exact = PassRule { tolerance: None, equal_nan: true };
        exact.count(0, values, &mut found, &mut Needed::none(true));
        let values = found.expect("it was given");
        Self { index: Vec::new(), count: 1, failing: usize::from(!passes), ..values }
    }

    /// Whether the dtype's numbers are not known, so that `max_abs` and `max_ulps` say
    /// nothing.
    pub fn by_bits(&self) -> bool {
        self.values[0].decimal().is_none()
    }
}

/// The index along each dimension of the `i`th value in row-major order.
pub(super) fn unravel_index(mut i: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<_> = shape
        .iter()
        .rev()
        .map(|n| {
            let along = i % n;
            i /= n;
            along
        })
        .collect();
    index.reverse();
    index
}
