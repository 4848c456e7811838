//! Numbers for programs: as JSON has them, or as a word.

use serde::{Serialize, Serializer};

use super::repr;

/// A number that reads back as the same bits: the shortest digits that do, or
/// `"nan"`, `"inf"`, `"-inf"` as words, since JSON has no number for these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f64(self.0)
        } else {
            serializer.serialize_str(&repr(self.0))
        }
    }
}

/// A field as a [`Number`].
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
pub fn as_number<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*x).serialize(serializer)
}
