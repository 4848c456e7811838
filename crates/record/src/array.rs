//! A tensor's values, in memory of their own or of a mapped file.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use safetensors::Dtype;

use super::{View, digest};
use crate::error::{Result, bail, ensure};

/// A tensor's values in row-major order, as bytes in native order.
/// Shape and bytes always fit each other. The bytes may be a part of a
/// mapped file; a clone shares them.
///
/// Or the [digest](Self::digest) of such values, under their dtype and shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Bytes,
    is_digest: bool,
}

impl Array {
    /// Refuses bytes that are not as many as dtype and shape ask for.
    pub fn new(dtype: Dtype, shape: Vec<usize>, bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        fits(dtype, &shape, bytes.len() as u64)?;
        Ok(Self { dtype, shape, bytes, is_digest: false })
    }

    /// What a record of digests has in place of these values: 16 bytes, the first
    /// of the SHA-256 of dtype, shape and values. Of two tensors that differ they
    /// are the same with a probability of 2^-128. Values of no more than 16 bytes
    /// stay as they are, and so does what is a digest.
    #[must_use]
    pub fn digest(&self) -> Self {
        if self.is_digest || self.bytes.len() <= digest::SIZE {
            return self.clone();
        }
        let sixteen = digest::of_bytes(self.dtype, &self.shape, &self.bytes);
        Self::of_digest(self.dtype, self.shape.clone(), sixteen.to_vec())
    }

    /// The digest of values of this dtype and shape.
    pub(super) fn of_digest(dtype: Dtype, shape: Vec<usize>, sixteen: impl Into<Bytes>) -> Self {
        Self { dtype, shape, bytes: sixteen.into(), is_digest: true }
    }

    /// The values where they are; a digest has none.
    pub fn view(&self) -> Result<View<'_>> {
        ensure!(!self.is_digest, Tensor, "a digest has no values: record them");
        View::new(self.dtype, &self.shape, &self.bytes)
    }

    /// Whether it is a digest: its values are not known.
    pub fn is_digest(&self) -> bool {
        self.is_digest
    }

    /// Some of the bytes, which are shared.
    pub(super) fn part(&self, range: Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    /// The matrix with its two dimensions exchanged, (M, N) -> (N, M). Fails for
    /// an array of other than two dimensions, or of values smaller than a byte, and
    /// for a digest.
    pub fn transposed(&self) -> Result<Self> {
        ensure!(!self.is_digest, Tensor, "a digest cannot be transposed: record values");
        let (&[m, n], 0) = (&self.shape[..], self.dtype.bitsize() % 8) else {
            bail!(
                Tensor,
                "dtype {} and shape {:?} make no matrix to transpose",
                self.dtype,
                self.shape
            )
        };
        let width = self.dtype.bitsize() / 8;
        let places = (0..n).flat_map(|column| (0..m).map(move |row| (row * n + column) * width));
        let mut bytes = Vec::with_capacity(self.bytes.len());
        places.for_each(|at| bytes.extend_from_slice(&self.bytes[at..at + width]));
        Self::new(self.dtype, vec![n, m], bytes)
    }

    /// The type of a value.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Empty for a single value.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values in row-major order; of a digest, its 16 bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Refuses a number of bytes that is not what dtype and shape ask for.
pub(super) fn fits(dtype: Dtype, shape: &[usize], bytes: u64) -> Result<()> {
    let values = shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n));
    let bits = values.and_then(|n| n.checked_mul(dtype.bitsize()));
    ensure!(
        bits.is_some_and(|bits| bits.is_multiple_of(8) && bits as u64 / 8 == bytes),
        Tensor,
        "{bytes} bytes do not make a tensor of dtype {dtype} and shape {shape:?}",
    );
    Ok(())
}

impl safetensors::View for &Array {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_and_bytes_must_fit() {
        assert!(Array::new(Dtype::F32, vec![2], vec![0; 8]).is_ok());
        assert!(Array::new(Dtype::F32, vec![3], vec![0; 8]).is_err());
        assert!(Array::new(Dtype::F64, vec![usize::MAX, 2], vec![0; 8]).is_err());
    }
}
