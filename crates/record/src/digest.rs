//! The digest of a tensor: 128 bits in place of its values.
//!
//! SHA-256, cut to 16 bytes, of dtype, shape and bytes, as `F32[2, 3]` and behind it
//! the values in row-major order, little-endian. It is what Python's `hashlib` has
//! and most processors compute by instructions of their own.

use std::convert::Infallible;

use safetensors::Dtype;
use sha2::{Digest, Sha256};

use super::{Array, View, parallel};

/// How metadata calls it.
pub const NAME: &str = "sha256-128";

/// The bytes of a digest. A tensor of no more bytes than that is kept as it is.
pub const SIZE: usize = 16;

/// So many bytes are read at a time, and several tensors of more than so many are
/// hashed on all cores.
const BLOCK: usize = 1 << 18;
const WORTH_THREADS: usize = 1 << 21;

fn hasher(dtype: Dtype, shape: &[usize]) -> Sha256 {
    Sha256::new_with_prefix(format!("{dtype}{shape:?}"))
}

fn finish(hasher: Sha256) -> [u8; SIZE] {
    let whole = hasher.finalize();
    std::array::from_fn(|i| whole[i])
}

/// Sixteen hexadecimal digits of a state's SHA-256, for the metadata.
pub(super) fn short(state: &[u8]) -> String {
    let digest = Sha256::digest(state);
    format!("{:016x}", u64::from_be_bytes(std::array::from_fn(|i| digest[i])))
}

/// Of values in memory.
pub(super) fn of_bytes(dtype: Dtype, shape: &[usize], bytes: &[u8]) -> [u8; SIZE] {
    finish(hasher(dtype, shape).chain_update(bytes))
}

/// Of so many bytes of values, read block by block: `read` fills in what begins at
/// a byte.
pub fn of_blocks<E>(
    dtype: Dtype,
    shape: &[usize],
    size: usize,
    mut read: impl FnMut(usize, &mut [u8]) -> Result<(), E>,
) -> Result<Array, E> {
    let (mut hasher, mut block) = (hasher(dtype, shape), vec![0; size.min(BLOCK)]);
    for from in (0..size).step_by(BLOCK) {
        let bytes = &mut block[..BLOCK.min(size - from)];
        read(from, bytes)?;
        hasher.update(bytes);
    }
    Ok(Array::of_digest(dtype, shape.to_vec(), finish(hasher).to_vec()))
}

/// What a record of digests has in place of each of these values, found on all
/// cores where that pays.
pub(super) fn of_views(views: &[View]) -> Vec<Array> {
    let all: usize = views.iter().map(|view| view.bytes().len()).sum();
    let threads = if all < WORTH_THREADS { 1 } else { parallel::cores() };
    let work = |(): &mut (), i| Ok::<_, Infallible>(of_view(views[i]));
    parallel::map(views.len(), threads, || (), work).unwrap_or_else(|never| match never {})
}

fn of_view(view: View) -> Array {
    if view.bytes().len() <= SIZE {
        return view.to_array();
    }
    let sixteen = of_bytes(view.dtype(), view.shape(), view.bytes());
    Array::of_digest(view.dtype(), view.shape().to_vec(), sixteen.to_vec())
}

#[cfg(test)]
mod tests {
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
    fn digests_come_in_the_order_of_their_values_whoever_computes_them() {
        let bytes: Vec<_> = (0..WORTH_THREADS + 64).map(|i| (i * 31 % 251) as u8).collect();
        let sizes = [16, 4, WORTH_THREADS, 20, 24];
        let shapes = sizes.map(|size| [size / 4]);
        let views = [0, 1, 2, 3, 4]
            .map(|i| View::new(Dtype::F32, &shapes[i], &bytes[i..i + sizes[i]]).unwrap());
        let digests = of_views(&views);
        assert_eq!(digests.len(), views.len());
        for (view, digest) in views.iter().zip(&digests) {
            assert_eq!(digest.is_digest(), view.bytes().len() > SIZE);
            assert_eq!(*digest, view.to_array().digest());
        }
    }
}
