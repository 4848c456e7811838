//! Numbers for digests, so that values are compared and kept as small numbers.

use std::collections::HashMap;

/// Numbers for digests, shared by the lists that are compared.
#[derive(Default)]
pub struct Digests(HashMap<u128, u32, Already>);

impl Digests {
    /// The number of a digest.
    pub fn number(&mut self, digest: u128) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(digest).or_insert(next)
    }

    /// How many digests there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// A digest is its own hash.
#[derive(Clone, Copy, Default)]
struct Already;

impl std::hash::BuildHasher for Already {
    type Hasher = Own;

    fn build_hasher(&self) -> Own {
        Own(0)
    }
}

struct Own(u64);

impl std::hash::Hasher for Own {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks_exact(8) {
            self.0 ^= u64::from_ne_bytes(chunk.try_into().unwrap_or_default());
        }
    }

    fn write_u128(&mut self, it: u128) {
        self.0 = it as u64;
    }
}
