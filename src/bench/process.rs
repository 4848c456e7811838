//! A whole process: how long it takes, and its memory where that is largest.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// Runs `command` to its end; returns seconds and MiB.
pub fn wall_and_memory(command: &mut Command) -> Result<[f64; 2]> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    // The system's account of this one child, ru_maxrss.
    let used = child.wait4().with_context(|| format!("cannot wait for {name}"))?;
    let wall = start.elapsed().as_secs_f64();
    ensure!(used.status.success(), "{name} failed ({}): try `tanh-parity check`", used.status);
    Ok([wall, used.rusage.maxrss as f64 / f64::from(1 << 20)])
}
