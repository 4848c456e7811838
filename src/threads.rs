//! What there is to do before libtorch runs on several threads.

use std::hint::black_box;
use std::sync::Mutex;
use std::thread::{Builder, scope};

use anyhow::{Result, bail};
use rustix::process::{Resource, getrlimit};
use tch::Tensor;

/// Threads that others start meanwhile.
const OTHERS: usize = 2;

/// Starts as many threads as `jobs` runs with `threads` each take, and ends them.
/// OpenMP, which starts libtorch's, ends the process where it cannot start one;
/// here that is an error.
pub fn refuse_too_many(threads: usize, jobs: usize) -> Result<()> {
    if threads < 2 {
        return Ok(()); // no thread is started
    }
    // `at::set_num_threads` starts as many for a pool of its own, whatever the jobs.
    let all = jobs * threads + threads - 1 + OTHERS;
    let gate = Mutex::new(());
    scope(|scope| {
        let closed = gate.lock();
        for started in 0..all {
            let wait = || {
                black_box(vec![0_u8; 64]); // a thread's own heap, which it will want
                drop(gate.lock());
            };
            if let Err(error) = Builder::new().stack_size(stack()).spawn_scoped(scope, wait) {
                drop(closed);
                bail!(
                    "--threads {threads} takes {all} threads, and {started} can be started \
                     ({error}): use fewer --threads or --jobs"
                );
            }
        }
        Ok(())
    })
}

/// Has one thread call MKL's functions on vectors first, tanh being one of them. MKL
/// sets them up in the first call; where two threads made it together, one of them
/// took another kernel in 3 of 139 runs, and its half had other last bits.
pub fn one_calls_first() {
    let _ = Tensor::from(0.5_f32).tanh();
}

/// The size of a thread's stack in OpenMP, where nothing chooses another, and room
/// for what else it takes.
fn stack() -> usize {
    let limit = getrlimit(Resource::Stack).current;
    limit.map_or(2 << 20, |bytes| bytes.min(1 << 30) as usize) + (1 << 20)
}
