//! When values that differ pass all the same.

/// What `torch.testing.assert_close` allows: |actual - expected| <= atol +
/// rtol * |expected|. NaN never passes; infinities must be equal.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Whether `actual` is close enough to `expected`.
    pub fn allows(self, actual: f64, expected: f64) -> bool {
        actual == expected
            || (actual - expected).is_finite()
                && self.allows_distance((actual - expected).abs(), expected)
    }

    /// Whether a value so far from `expected` is close enough.
    pub fn allows_distance(self, distance: f64, expected: f64) -> bool {
        distance <= self.atol + self.rtol * expected.abs()
    }
}
