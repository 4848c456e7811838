//! When values that differ pass all the same.

use half::{bf16, f16};
use parity_record::Dtype;
use serde::Serialize;

use super::Value;

/// What `torch.testing.assert_close` allows: |actual - expected| <= atol +
/// rtol * |expected|, and infinities that are equal.
///
/// Computed as `torch.isclose` computes it on a CPU, to the bit: in the dtype of
/// the values, each operation rounded to it, for float64, float32, float16,
/// bfloat16 and complex64 (whose |.| is the modulus). Where both are zero, only
/// equal values pass; -0 equals +0.
///
/// Two kinds of values differ from PyTorch. Whole numbers and bool are subtracted
/// exactly and held to a bound in float64, while PyTorch rounds them to float32
/// first and so takes 2^62 and 2^62 + 1 for one number. Floats of one byte, which
/// PyTorch compares with no tolerance, are computed in float32.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tolerance {
    /// Relative to the expected value.
    pub rtol: f64,
    /// Absolute.
    pub atol: f64,
}

impl Default for Tolerance {
    /// `assert_close`'s defaults for float32.
    fn default() -> Self {
        Self { rtol: 1.3e-6, atol: 1e-5 }
    }
}

impl Tolerance {
    /// Whether `actual` is close enough to `expected`, as float64. NaN never is.
    pub fn allows(self, actual: f64, expected: f64) -> bool {
        let distance = (actual - expected).abs();
        let bound = self.atol + (self.rtol * expected).abs();
        actual == expected || distance.is_finite() && distance <= bound
    }

    /// Whether `actual` is close enough to `expected`, of the same dtype. NaN is
    /// close to NaN where they count as equal, and to nothing else.
    pub fn passes(self, actual: Value, expected: Value, equal_nan: bool) -> bool {
        if actual.is_nan() && expected.is_nan() {
            return equal_nan;
        }
        if let (Some(a), Some(e)) = (actual.whole(), expected.whole()) {
            let bound = self.atol + self.rtol * (e as f64).abs();
            return (a - e).unsigned_abs() <= floor(bound);
        }
        if let (Some(a), Some(e)) = (actual.parts(), expected.parts()) {
            let [a, e] = [a, e].map(|parts| parts.map(|part| single(part).expect("a float32")));
            return self.allows_complex(a, e);
        }
        let (Some(a), Some(e)) = (actual.number(), expected.number()) else {
            return actual == expected; // by bits
        };
        match actual.dtype() {
            Dtype::F64 => self.allows(a, e),
            Dtype::F16 => self.allows_in(a, e, |x| f16::from_f32(x).to_f32()),
            Dtype::BF16 => self.allows_in(a, e, |x| bf16::from_f32(x).to_f32()),
            _ => self.allows_in(a, e, |x| x),
        }
    }

    /// In float32, each result rounded to a smaller dtype. `atol` is rounded to
    /// that dtype too, but not `rtol`: PyTorch adds in the one and multiplies in
    /// the other.
    fn allows_in(self, actual: f64, expected: f64, round: fn(f32) -> f32) -> bool {
        let [a, e] = [actual as f32, expected as f32];
        let distance = round(a - e).abs();
        let bound = round(round(self.atol as f32) + round(self.rtol as f32 * e).abs());
        a == e || distance.is_finite() && distance <= bound
    }

    fn allows_complex(self, a: [f32; 2], e: [f32; 2]) -> bool {
        let distance = (a[0] - e[0]).hypot(a[1] - e[1]);
        let rtol = self.rtol as f32;
        let bound = self.atol as f32 + (rtol * e[0]).hypot(rtol * e[1]);
        a == e || distance.is_finite() && distance <= bound
    }
}

fn single(value: Value) -> Option<f32> {
    value.number().map(|number| number as f32)
}

/// The largest whole number that is not above `bound`.
fn floor(bound: f64) -> u128 {
    bound.floor() as u128 // saturating; 0 for NaN
}
