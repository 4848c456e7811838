//! A tensor's values where they are, for whoever records them.

use safetensors::Dtype;

use super::array::{Array, fits};
use crate::error::Result;

/// A tensor's values in row-major order, as bytes in native order, in somebody
/// else's memory. Shape and bytes always fit each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
    dtype: Dtype,
    shape: &'a [usize],
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Refuses bytes that are not as many as dtype and shape ask for.
    pub fn new(dtype: Dtype, shape: &'a [usize], bytes: &'a [u8]) -> Result<Self> {
        fits(dtype, shape, bytes.len() as u64)?;
        Ok(Self { dtype, shape, bytes })
    }

    /// The type of a value.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Empty for a single value.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// The values in row-major order.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// A copy that owns its values.
    pub fn to_array(&self) -> Array {
        Array::new(self.dtype, self.shape.to_vec(), self.bytes.to_vec()).expect("they fit")
    }
}
