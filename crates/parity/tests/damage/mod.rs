//! Random damage.
//!
//! `TORCH_PARITY_FUZZ_SECONDS=60` for longer, `TORCH_PARITY_DRAWS=7` for other
//! draws.

use std::time::{Duration, Instant};

use fastrand::Rng;

/// Damages `seeds` until it has computed for that time, and hands each result to `check`.
pub fn fuzz(what: &str, seeds: &[Vec<u8>], check: impl Fn(&[u8], &[u8])) {
    let number = |name: &str, other| std::env::var(name).map_or(other, |n| n.parse().unwrap());
    let time = Duration::from_secs(number("TORCH_PARITY_FUZZ_SECONDS", 5));
    let mut rng = Rng::with_seed(number("TORCH_PARITY_DRAWS", 0));
    let (start, mut count) = (computed(), 0_u64);
    while count % 100 != 0 || computed() < start + time {
        let seed = &seeds[rng.usize(..seeds.len())];
        let damaged = damaged(seed, &mut rng);
        let begun = Instant::now();
        check(seed, &damaged);
        assert!(begun.elapsed().as_secs() < 5, "{what} hangs on {damaged:?}");
        count += 1;
    }
    println!("{what}: {count} inputs");
}

/// For how long this thread has, which others that run meanwhile take nothing from.
fn computed() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

fn damaged(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..=bytes.len());
        let end = (at + rng.usize(..8)).min(bytes.len());
        match rng.usize(..7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.usize(..8),
            4 if at < bytes.len() => bytes[at] = rng.u8(..),
            5 => bytes.insert(at, b",;\t\n\r\"0123456789.-+einf {}[]:'"[rng.usize(..30)]),
            _ => {
                let other = rng.usize(..=bytes.len());
                let end = (other + rng.usize(..8)).min(bytes.len());
                let part = bytes[other..end].to_vec();
                bytes.splice(at.min(bytes.len())..at.min(bytes.len()), part);
            }
        }
    }
    bytes
}
