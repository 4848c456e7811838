//! How much was compared, and what came of it.

use serde::Serialize;

use super::difference::{Difference, What};
use crate::text::as_number;

/// How many tensors and values were compared, and what came of it. Of a table,
/// "tensors" are its cells.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Tensors that either side has.
    pub tensors: usize,
    /// Those that are equal, or within the tolerance where one was given.
    pub tensors_equal: usize,
    /// Values that both sides have.
    pub values: usize,
    /// Those that are equal, or within the tolerance where one was given.
    pub values_equal: usize,
    /// The largest distance of two numbers in units in the last place.
    pub max_ulps: u64,
    /// The largest absolute distance of two numbers.
    #[serde(serialize_with = "as_number")]
    pub max_abs: f64,
    /// Pairs of values that differ and of which one, at least, is not a number.
    pub nans: usize,
    /// Those tensors that differ in the phase in which their step first does.
    /// Of runs that are resynced these are wrong by themselves, and the others
    /// that differ inherited it within the step.
    pub local: usize,
}

impl Tally {
    /// Counts the other's tensors and values in.
    pub fn add(&mut self, other: &Self) {
        self.tensors += other.tensors;
        self.tensors_equal += other.tensors_equal;
        self.values += other.values;
        self.values_equal += other.values_equal;
        self.max_ulps = self.max_ulps.max(other.max_ulps);
        self.max_abs = self.max_abs.max(other.max_abs);
        self.nans += other.nans;
        self.local += other.local;
    }

    /// Whether anything differs, be it within a tolerance.
    pub(super) fn differs(&self) -> bool {
        self.tensors_equal < self.tensors || self.max_ulps > 0
    }

    /// Counts a tensor, so far counted as equal, as one that differs.
    pub(super) fn count(&mut self, difference: &Difference, local: bool) {
        if !difference.passes {
            self.tensors_equal -= difference.count;
            self.local += if local { difference.count } else { 0 };
        }
        match &difference.what {
            What::Values(values) => {
                self.values_equal -= values.failing;
                self.max_ulps = self.max_ulps.max(values.max_ulps);
                self.max_abs = self.max_abs.max(values.max_abs);
                self.nans += values.nans;
            }
            What::Text { .. } if !difference.passes => self.values_equal -= 1,
            _ => {}
        }
    }
}
