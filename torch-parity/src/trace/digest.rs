//! The digest of a tensor: 128 bits in place of its values.
//!
//! SHA-256, cut to 16 bytes, of dtype, shape and bytes, as `F32[2, 3]` and behind it
//! the values in row-major order, little-endian. It is what Python's `hashlib` has
//! and most processors compute by instructions of their own.

use std::sync::Mutex;
use std::thread;

use anyhow::Result;
use safetensors::Dtype;
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor};

use super::Array;

/// How metadata calls it.
pub(super) const NAME: &str = "sha256-128";

/// The bytes of a digest. A tensor of no more bytes than that is kept as it is.
pub(super) const SIZE: usize = 16;

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

/// Of a tensor, block by block, so that no copy of it arises.
fn of_tensor(tensor: &Tensor) -> Result<Array> {
    let width = tensor.kind().elt_size_in_bytes();
    if tensor.numel() * width <= BLOCK || tensor.kind() == Kind::ComplexFloat {
        return Ok(Array::of(tensor)?.digest());
    }
    let (dtype, shape) = (super::array::dtype_of(tensor.kind())?, super::array::shape_of(tensor));
    let (mut hasher, flat) = (hasher(dtype, &shape), tensor.contiguous().view(-1));
    let (mut block, step) = (vec![0; BLOCK], (BLOCK / width) as i64);
    for from in (0..flat.numel() as i64).step_by(step as usize) {
        let part = flat.narrow(0, from, step.min(flat.numel() as i64 - from));
        let bytes = &mut block[..part.numel() * width];
        part.f_copy_data_u8(bytes, part.numel())?;
        hasher.update(bytes);
    }
    Ok(Array::of_digest(dtype, shape, finish(hasher).to_vec()))
}

/// Of several tensors, on all cores where that pays.
pub(super) fn of_tensors(named: &[(&str, &Tensor)]) -> Result<Vec<Array>> {
    let size = |tensor: &Tensor| tensor.numel() * tensor.kind().elt_size_in_bytes();
    let all: usize = named.iter().map(|(_, tensor)| size(tensor)).sum();
    if all < WORTH_THREADS {
        return named.iter().map(|(_, tensor)| of_tensor(tensor)).collect();
    }
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(named.len()));
    // A handle each, since a tensor may be sent to a thread but not shared.
    let handles: Vec<_> = named.iter().map(|(_, tensor)| tensor.shallow_clone()).collect();
    let next = Mutex::new(handles.into_iter().enumerate());
    let work = || {
        let mut done = Vec::new();
        loop {
            // Unlocked before the work.
            let job = next.lock().expect("no thread panics").next();
            let Some((i, tensor)) = job else { return Ok(done) };
            done.push((i, of_tensor(&tensor)?));
        }
    };
    let results: Vec<Result<Vec<_>>> = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work);
        // Where no more threads are to be had, those that there are do it.
        let others: Vec<_> = (1..threads).filter_map(|i| spawn(i).ok()).collect();
        let own = work();
        let join = |other: thread::ScopedJoinHandle<'_, _>| {
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        others.into_iter().map(join).chain([own]).collect()
    });
    let mut done: Vec<_> = results.into_iter().collect::<Result<Vec<_>>>()?.concat();
    done.sort_by_key(|(i, _)| *i);
    Ok(done.into_iter().map(|(_, array)| array).collect())
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
    fn large_tensors_have_the_digests_of_their_bytes_wherever_they_are_hashed() {
        let large = Tensor::arange(500_000, (Kind::Float, tch::Device::Cpu)).view([500, 1000]);
        let all = [large.tr(), &large + 1, large.to_kind(Kind::Double), large.get(3), large];
        let named: Vec<_> = all.iter().map(|tensor| ("x", tensor)).collect();
        let digests = of_tensors(&named).unwrap();
        for (tensor, digest) in all.iter().zip(digests) {
            assert!(digest.is_digest());
            assert_eq!(digest, Array::of(tensor).unwrap().digest());
        }
    }
}
