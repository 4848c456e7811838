//! Endings that are not of our making. Exit status 1 says that two runs differ,
//! so nothing else may end with it, nor by a signal, where we can help it.

#![expect(unsafe_code, reason = "an allocator and an exit handler are called by others")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::python;
use signal_hook::consts::SIGXFSZ;

/// Exit status for trouble; 0 is fine, 1 says that the runs differ.
pub const TROUBLE: u8 = 2;

/// Whether `main` has come to its end.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// To be called first: a limit on the size of files (`ulimit -f`) becomes a write
/// that fails, and a library that ends the process ends it with [`TROUBLE`].
pub fn watch() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    // SAFETY: the handler neither unwinds nor returns into what is gone.
    unsafe { on_exit(at_exit, std::ptr::null_mut()) };
}

unsafe extern "C" {
    /// glibc's `atexit` whose handler is told the status.
    fn on_exit(handler: extern "C" fn(c_int, *mut c_void), with: *mut c_void) -> c_int;
}

/// To be called last.
pub fn is_ours() {
    IS_OURS.store(true, Ordering::Relaxed);
}

/// libgomp calls `exit(1)` where it cannot start a thread, having said so. An end of ours
/// is one at once: libtorch would take 0.1 s to forget what operations it has. Not where
/// something else was loaded, as by `parity why`, which may write its last line then.
extern "C" fn at_exit(status: c_int, _: *mut c_void) {
    if !IS_OURS.load(Ordering::Relaxed) {
        leave(b"error: libtorch ended the run: use fewer --threads\n");
    }
    let others = ["LD_PRELOAD", "PARITY_WATCH_LIBTORCH"];
    if others.iter().all(|variable| std::env::var_os(variable).is_none()) {
        // SAFETY: it may be called at any time; Rust's output is flushed by now.
        unsafe { libc::_exit(status) }
    }
}

/// The memory of the system. Where there is none left, the run ends with a line
/// and not with a signal.
pub struct Memory;

// SAFETY: all is left to `System`, but for null, which is not returned.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are System's.
        got(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        got(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        got(unsafe { System.realloc(address, layout, size) })
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(address, layout) }
    }
}

fn got(address: *mut u8) -> *mut u8 {
    if address.is_null() {
        leave(b"error: out of memory: use smaller settings or files, or free some memory\n");
    }
    address
}

/// Says why, ends what was started, and ends at once: what else is to run at the
/// end of a process may not work any more, and other threads still run.
fn leave(why: &[u8]) -> ! {
    static LEAVES: AtomicBool = AtomicBool::new(false);
    if !LEAVES.swap(true, Ordering::Relaxed) {
        // SAFETY: the address and the length are those of `why`.
        unsafe { libc::write(2, why.as_ptr().cast(), why.len()) };
        python::abandon();
    }
    // SAFETY: it may be called at any time.
    unsafe { libc::_exit(TROUBLE.into()) }
}
