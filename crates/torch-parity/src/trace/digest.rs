//! The digest of a tensor: 128 bits in place of its values.
//!
//! SHA-256, cut to 16 bytes, of dtype, shape and bytes, as `F32[2, 3]` and behind it
//! the values in row-major order, little-endian. It is what Python's `hashlib` has
//! and most processors compute by instructions of their own.

use std::sync::Mutex;

use anyhow::Result;
use safetensors::Dtype;
use sha2::{Digest, Sha256};
use tch::Tensor;

use super::Array;
use super::array::{dtype_of, in_order, shape_of, size_of};
use crate::parallel;

/// How metadata calls it.
pub(crate) const NAME: &str = "sha256-128";

/// The bytes of a digest. A tensor of no more bytes than that is kept as it is.
pub(crate) const SIZE: usize = 16;

/// So many bytes are hashed at a time, and several tensors of more than so many
/// on all cores.
const BLOCK: usize = 1 << 18;
const WORTH_THREADS: usize = 1 << 21;

fn hasher(dtype: Dtype, shape: &[usize]) -> Sha256 {
    Sha256::new_with_prefix(format!("{dtype}{shape:?}"))
}

fn finish(hasher: Sha256) -> [u8; SIZE] {
    let whole = hasher.finalize();
    std::array::from_fn(|i| whole[i])
}

/// Of values in memory.
pub(super) fn of_bytes(dtype: Dtype, shape: &[usize], bytes: &[u8]) -> [u8; SIZE] {
    finish(hasher(dtype, shape).chain_update(bytes))
}

/// Of so many bytes of values, read block by block: `read` fills in what begins at
/// a byte.
pub(crate) fn of_blocks(
    dtype: Dtype,
    shape: &[usize],
    size: usize,
    mut read: impl FnMut(usize, &mut [u8]) -> Result<()>,
) -> Result<Array> {
    let (mut hasher, mut block) = (hasher(dtype, shape), vec![0; size.min(BLOCK)]);
    for from in (0..size).step_by(BLOCK) {
        let bytes = &mut block[..BLOCK.min(size - from)];
        read(from, bytes)?;
        hasher.update(bytes);
    }
    Ok(Array::of_digest(dtype, shape.to_vec(), finish(hasher).to_vec()))
}

/// Of a tensor, block by block, so that no copy of it arises.
fn of_tensor(tensor: &Tensor) -> Result<Array> {
    let size = size_of(tensor);
    if size <= BLOCK {
        return Ok(Array::of(tensor)?.digest());
    }
    let (width, flat) = (tensor.kind().elt_size_in_bytes(), in_order(tensor)?.view(-1));
    of_blocks(dtype_of(tensor.kind())?, &shape_of(tensor), size, |from, bytes| {
        let [start, length] = [from, bytes.len()].map(|bytes| bytes / width);
        let part = flat.narrow(0, start as i64, length as i64);
        Ok(part.f_copy_data_u8(bytes, length)?)
    })
}

/// Of several tensors, on all cores where that pays.
pub(super) fn of_tensors(named: &[(&str, &Tensor)]) -> Result<Vec<Array>> {
    let all: usize = named.iter().map(|(_, tensor)| size_of(tensor)).sum();
    if all < WORTH_THREADS {
        return named.iter().map(|(_, tensor)| of_tensor(tensor)).collect();
    }
    // A handle each, since a tensor may be sent to a thread but not shared.
    let handle = |(_, tensor): &(&str, &Tensor)| Mutex::new(Some(tensor.shallow_clone()));
    let handles: Vec<_> = named.iter().map(handle).collect();
    let take = |i: usize| handles[i].lock().expect("no thread panics").take();
    let work = |(): &mut (), i| of_tensor(&take(i).expect("taken once"));
    parallel::map(named.len(), parallel::cores(), || (), work)
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn a_digest_is_sha256_of_dtype_shape_and_bytes() {
        // (printf 'F32[2, 3]'; head -c 24 /dev/zero) | sha256sum
        let digest = of_bytes(Dtype::F32, &[2, 3], &[0; 24]);
        let hex = format!("{:032x}", u128::from_be_bytes(digest));
        assert_eq!(hex, "0aa3225ef29ee798a76f7d1ee58abe90");
        assert_ne!(digest, of_bytes(Dtype::F32, &[3, 2], &[0; 24]));
        assert_ne!(digest, of_bytes(Dtype::I32, &[2, 3], &[0; 24]));
    }

    #[test]
    fn large_tensors_have_the_digests_of_their_bytes_wherever_they_are_hashed() {
        let large = Tensor::arange(500_000, (Kind::Float, tch::Device::Cpu)).view([500, 1000]);
        let conjugate = Tensor::complex(&large, &large).conj();
        let all = [
            large.tr(),
            &large + 1,
            large.to_kind(Kind::Double),
            large.get(3),
            conjugate.imag(),
            conjugate,
            large,
        ];
        let named: Vec<_> = all.iter().map(|tensor| ("x", tensor)).collect();
        let digests = of_tensors(&named).unwrap();
        for (tensor, digest) in all.iter().zip(digests) {
            assert!(digest.is_digest());
            assert_eq!(digest, Array::of(tensor).unwrap().digest());
        }
    }
}
