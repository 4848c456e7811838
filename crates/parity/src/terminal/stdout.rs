//! Standard output, which may be closed, full, or left early by its reader.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use rustix::fs::OFlags;

/// Whether standard output was closed when the process started.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Called before `main`, since Rust's own start opens /dev/null where standard
/// output is closed, and what is written then is lost without a word.
#[used]
#[expect(unsafe_code, reason = "only the linker can have it called so early")]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static BEFORE_MAIN: extern "C" fn() = look;

extern "C" fn look() {
    let is_closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
    WAS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Refuses a standard output that nothing can be written to.
pub fn refuse_closed() -> Result<()> {
    let is_read_only = || {
        let flags = rustix::fs::fcntl_getfl(rustix::stdio::stdout());
        flags.is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY)
    };
    let is_closed = WAS_CLOSED.load(Ordering::Relaxed) || is_read_only();
    ensure!(!is_closed, "cannot write to standard output: it is not open for writing");
    Ok(())
}

/// Writes to standard output. A reader that has left (`| head -1`) is no
/// error: the run goes on, its files and exit code are still wanted.
pub fn print(bytes: &[u8]) -> Result<()> {
    refuse_closed()?;
    // Not by `Stdout`, which keeps a line back until its end.
    let stdout = io::stdout().lock();
    let write = || File::from(stdout.as_fd().try_clone_to_owned()?).write_all(bytes);
    match write() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}
