//! A whole process: how long it takes, and its memory where that is largest.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use parity::python::Group;

/// How often to look at a process.
const EVERY: Duration = Duration::from_millis(1);

/// Runs `command` to its end; returns seconds and MiB.
///
/// The memory is what Linux calls `VmHWM`, as last seen. What a parent is told at
/// the end, `ru_maxrss`, is no less than the parent itself takes.
pub fn wall_and_memory(command: &mut Command, timeout: Duration) -> Result<[f64; 2]> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let (mut child, group) =
        Group::start(command).with_context(|| format!("cannot start {name}"))?;
    let mut peak = 0.0;
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("cannot wait for {name}"))? {
            ensure!(status.success(), "{name} failed ({status}): try `tanh-parity check`");
            return Ok([start.elapsed().as_secs_f64(), peak]);
        }
        if start.elapsed() > timeout {
            group.end();
            let _ = child.wait();
            bail!("{name} did not finish within {} s: raise --timeout", timeout.as_secs());
        }
        peak = peak_so_far(child.id()).unwrap_or(peak);
        sleep(EVERY);
    }
}

/// In MiB; none for a process that has ended.
fn peak_so_far(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_the_childs_own_and_the_time_is_bounded() {
        let held = vec![1_u8; 200 << 20]; // here, not there
        let [wall, memory] =
            wall_and_memory(Command::new("sleep").arg("0.2"), Duration::from_secs(60)).unwrap();
        assert!(wall >= 0.2 && (0.1..50.0).contains(&memory), "{wall} s, {memory} MiB");
        assert_eq!(held[held.len() - 1], 1);
        let error = wall_and_memory(Command::new("sleep").arg("60"), Duration::from_millis(10));
        assert!(error.unwrap_err().to_string().contains("did not finish within"));
    }
}
