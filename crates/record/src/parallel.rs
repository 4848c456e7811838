//! Work on several threads, whose results do not tell which did what.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads there are to do it.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The results of `work` for 0, 1, ... `n` - 1, in that order, by so many threads
/// at most, each with a state of its own. Fails with the first of the failures that
/// there are; what was not begun by then is left.
pub fn map<S, T: Send, E: Send>(
    n: usize,
    threads: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<T, E>)>> = Mutex::default();
    let run = || {
        let (mut state, mut done) = (state(), Vec::new());
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                break;
            }
            let result = work(&mut state, i);
            if result.is_err() {
                next.store(n, Ordering::Relaxed);
            }
            done.push((i, result));
        }
        results.lock().expect("no thread panics").extend(done);
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(n) {
            // Where no more threads are to be had, those that there are do it.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    let mut results = results.into_inner().expect("no thread panicked");
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_their_order_and_the_first_failure_is_told() {
        for threads in [1, 2, 7] {
            let squares = map(100, threads, || (), |(), i| Ok::<_, String>(i * i)).unwrap();
            assert!(squares.into_iter().eq((0..100).map(|i| i * i)));
            let failing = |(): &mut (), i| if i >= 30 { Err(format!("{i} fails")) } else { Ok(i) };
            let error = map(100, threads, || (), failing).unwrap_err();
            assert_eq!(error, "30 fails");
        }
        assert!(map(0, 4, || (), |(), i| Ok::<_, String>(i)).unwrap().is_empty());
    }
}
