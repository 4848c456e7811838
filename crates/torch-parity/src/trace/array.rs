//! A tensor's values, apart from libtorch.

use std::borrow::Cow;
use std::ops::Range;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use safetensors::{Dtype, View};
use tch::{Kind, Tensor};

use super::digest;

/// A tensor's values in row-major order, as bytes in native order, apart from
/// libtorch. Shape and bytes always fit each other. The bytes may be a part of a
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

    /// Whether it is a digest: its values are not known.
    pub fn is_digest(&self) -> bool {
        self.is_digest
    }

    /// Some of the bytes, which are shared.
    pub(super) fn part(&self, range: Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    /// Copies the values of `tensor`, of any dtype that .safetensors has.
    pub fn of(tensor: &Tensor) -> Result<Self> {
        let dtype = dtype_of(tensor.kind())?;
        let mut bytes = vec![0; size_of(tensor)];
        copy_values(tensor, &mut bytes)?;
        Self::new(dtype, shape_of(tensor), bytes)
    }

    /// The same as a tensor on the CPU, of its own memory. Fails for a digest.
    pub fn to_tensor(&self) -> Result<Tensor> {
        ensure!(!self.is_digest, "a digest has no values: record them");
        let shape: Vec<_> = self.shape.iter().map(|&n| n as i64).collect();
        let Some((kind, _)) = DTYPES.iter().find(|(_, dtype)| *dtype == self.dtype) else {
            bail!("libtorch has no dtype {}", self.dtype)
        };
        Ok(Tensor::f_from_data_size(&self.bytes, &shape, *kind)?)
    }

    /// The matrix with its two dimensions exchanged, (M, N) -> (N, M). Fails for
    /// an array of other than two dimensions, or of values smaller than a byte, and
    /// for a digest.
    pub fn transposed(&self) -> Result<Self> {
        ensure!(!self.is_digest, "a digest cannot be transposed: record values");
        let (&[m, n], 0) = (&self.shape[..], self.dtype.bitsize() % 8) else {
            bail!("dtype {} and shape {:?} make no matrix to transpose", self.dtype, self.shape)
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
        "{bytes} bytes do not make a tensor of dtype {dtype} and shape {shape:?}",
    );
    Ok(())
}

/// The dtypes that libtorch and .safetensors share.
const DTYPES: [(Kind, Dtype); 11] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::Half, Dtype::F16),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Int16, Dtype::I16),
    (Kind::Int8, Dtype::I8),
    (Kind::Uint8, Dtype::U8),
    (Kind::Bool, Dtype::BOOL),
    (Kind::ComplexFloat, Dtype::C64),
];

/// How many bytes its values take.
pub(super) fn size_of(tensor: &Tensor) -> usize {
    tensor.numel() * tensor.kind().elt_size_in_bytes()
}

/// Copies its values, in row-major order, to where there is room for just them.
pub(super) fn copy_values(tensor: &Tensor, bytes: &mut [u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    Ok(in_order(tensor)?.f_copy_data_u8(bytes, tensor.numel())?)
}

/// A tensor whose memory is its values in row-major order: a conjugate and a
/// negative may be the memory of another tensor and a flag.
pub(super) fn in_order(tensor: &Tensor) -> Result<Tensor> {
    let is_flagged = tensor.is_conj() || tensor.is_neg();
    let tensor = if is_flagged { &tensor.f_resolve_conj()?.f_resolve_neg()? } else { tensor };
    Ok(tensor.f_contiguous()?)
}

pub(super) fn shape_of(tensor: &Tensor) -> Vec<usize> {
    tensor.size().iter().map(|&n| n as usize).collect()
}

pub(super) fn dtype_of(kind: Kind) -> Result<Dtype> {
    match DTYPES.iter().find(|(known, _)| *known == kind) {
        Some((_, dtype)) => Ok(*dtype),
        None => bail!("a tensor of kind {kind:?} has no place in a .safetensors file: convert it"),
    }
}

impl View for &Array {
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
    fn a_tensor_of_every_dtype_is_copied_and_comes_back() {
        let x = Tensor::from_slice(&[0.0_f32, 1.0, 2.0, 3.0]).view([2, 2]);
        for (kind, dtype) in DTYPES {
            let array = Array::of(&x.to_kind(kind).tr()).unwrap();
            assert_eq!((array.dtype(), array.shape()), (dtype, &[2, 2][..]));
            let back = array.to_tensor().unwrap();
            assert_eq!(back.kind(), kind);
            assert_eq!(back, x.to_kind(kind).tr());
        }
        let error = Array::of(&x.to_kind(Kind::ComplexDouble)).unwrap_err().to_string();
        assert!(error.starts_with("a tensor of kind ComplexDouble has no place"), "{error}");
        assert_eq!(
            Array::of(&Tensor::zeros([0, 3], tch::kind::FLOAT_CPU)).unwrap().shape(),
            [0, 3]
        );
    }

    /// Which may be flags of another tensor's memory.
    #[test]
    fn conjugates_and_negatives_have_their_own_values() {
        let z = Tensor::complex(&Tensor::from(2.0_f32), &Tensor::from(3.0_f32));
        let floats = |tensor: &Tensor| {
            let array = Array::of(tensor).unwrap();
            assert_eq!(Array::of(&array.to_tensor().unwrap()).unwrap(), array);
            let floats = array.bytes().as_chunks().0.iter().map(|&x| f32::from_ne_bytes(x));
            floats.collect::<Vec<_>>()
        };
        let conjugate = z.conj();
        let negative = conjugate.imag();
        assert!(conjugate.is_conj() && negative.is_neg());
        assert_eq!((floats(&conjugate), floats(&negative)), (vec![2.0, -3.0], vec![-3.0]));
    }

    #[test]
    fn shape_and_bytes_must_fit() {
        assert!(Array::new(Dtype::F32, vec![2], vec![0; 8]).is_ok());
        assert!(Array::new(Dtype::F32, vec![3], vec![0; 8]).is_err());
        assert!(Array::new(Dtype::F64, vec![usize::MAX, 2], vec![0; 8]).is_err());
    }
}
