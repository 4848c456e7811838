//! The smallest tolerance that two runs would pass.

use parity_record::Dtype;

use super::{Tolerance, Value};

/// The smallest atol (with rtol 0) and rtol (with atol 0) that pass all that was
/// counted in; an atol or an rtol that no number is large enough for is infinite.
///
/// Both are numbers of the dtype that the values are computed in; smaller ones
/// that round to them would pass as well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Needed {
    pub atol: f64,
    pub rtol: f64,
    /// The largest size of a value of either side, where something differs.
    pub largest: f64,
    pub equal_nan: bool,
}

impl Needed {
    pub fn none(equal_nan: bool) -> Self {
        Self { equal_nan, ..Self::default() }
    }

    /// The larger of each.
    pub fn and(self, other: Self) -> Self {
        Self {
            atol: self.atol.max(other.atol),
            rtol: self.rtol.max(other.rtol),
            largest: self.largest.max(other.largest),
            ..self
        }
    }

    /// Takes in how large these values of one dtype are.
    pub fn see(&mut self, dtype: Dtype, bytes: &[u8]) {
        let all = bytes.chunks_exact(Value::width(dtype));
        all.for_each(|bytes| self.see_one(Value::new(dtype, bytes)));
    }

    /// Takes in how large this value is.
    pub fn see_one(&mut self, value: Value) {
        let zero = Value::new(value.dtype(), &[]);
        self.largest = self.largest.max(value.distance(zero).unwrap_or(0.0)); // NaN is no maximum
    }

    /// Makes both large enough for these two values.
    pub fn include(&mut self, actual: Value, expected: Value) {
        let passes = |tolerance: Tolerance| tolerance.passes(actual, expected, self.equal_nan);
        let absolute = |atol| passes(Tolerance { rtol: 0.0, atol });
        let relative = |rtol| passes(Tolerance { rtol, atol: 0.0 });
        if self.atol.is_finite() && !absolute(self.atol) {
            let distance = actual.distance(expected).unwrap_or(f64::INFINITY);
            let rounded = f64::from(distance as f32);
            // The difference rounded to float32 or less may be the larger one.
            let enough = [distance, rounded].into_iter().find(|&atol| absolute(atol));
            self.atol = enough.unwrap_or_else(|| smallest(absolute));
        }
        if self.rtol.is_finite() && !relative(self.rtol) {
            let least = smallest(relative);
            // What is computed in float32 takes it as one.
            let rounded = f64::from(least as f32);
            let single = actual.dtype() != Dtype::F64 && rounded.is_finite() && relative(rounded);
            self.rtol = if single { rounded } else { least };
        }
    }

    /// Each as a tolerance by itself, where it is finite.
    pub fn alone(self) -> [Option<Tolerance>; 2] {
        let Self { atol, rtol, .. } = self;
        let atol = atol.is_finite().then_some(Tolerance { rtol: 0.0, atol });
        [atol, rtol.is_finite().then_some(Tolerance { rtol, atol: 0.0 })]
    }
}

/// The smallest positive number that passes; infinity where none does. What
/// passes goes on to pass: bits of positive floats are in the order of numbers.
fn smallest(passes: impl Fn(f64) -> bool) -> f64 {
    let (mut fails, mut enough) = (0, f64::MAX.to_bits());
    if !passes(f64::MAX) {
        return f64::INFINITY;
    }
    while enough - fails > 1 {
        let middle = u64::midpoint(fails, enough);
        if passes(f64::from_bits(middle)) { enough = middle } else { fails = middle }
    }
    f64::from_bits(enough)
}
