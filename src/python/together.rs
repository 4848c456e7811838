//! One Python for several twins: PyTorch is imported once, and each twin runs in a
//! process that is forked then.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use parity::python::{Running, Shared};
use serde_json::json;

use super::Twins;

/// `python -m python_ref.together`.
#[derive(Debug)]
pub struct Together(Mutex<State>);

#[derive(Debug)]
struct State {
    running: Running,
    /// Until they begin.
    tasks: Option<ChildStdin>,
}

impl Together {
    pub(super) fn start(python: &Twins) -> Result<Self> {
        let (mut command, folder) = python.twin("together")?;
        command.stdin(Stdio::piped());
        let mut running = python.start("the Python twins", command, folder)?;
        let tasks = running.stdin();
        Ok(Self(Mutex::new(State { running, tasks })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a twin that is to leave its errors and its status in `folder`.
    pub(super) fn add(&self, twin: &str, flags: &[String], steps: &str, folder: &Path) {
        let task = json!({ "twin": twin, "flags": flags, "steps": steps, "folder": folder });
        if let Some(tasks) = &mut self.state().tasks {
            // Where this fails, Python has ended: `wait` says why.
            let _ = writeln!(tasks, "{task}");
        }
    }

    /// Lets all that were added begin.
    pub(super) fn begin(&self) {
        self.state().tasks = None;
    }
}

impl Shared for Together {
    fn wait(&self, folder: &Path, deadline: Instant) -> Result<Option<ExitStatus>> {
        loop {
            let ended = self.state().running.has_ended()?;
            if let Ok(text) = fs::read_to_string(folder.join("status")) {
                return Ok(Some(exit_status(&text)?));
            }
            if ended {
                self.state().running.finish()?;
                return Err(anyhow!("the Python twins ended without answering for this one"));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&self) {
        self.state().running.end();
    }
}

/// Of what `multiprocessing` calls `exitcode`.
fn exit_status(text: &str) -> Result<ExitStatus> {
    let code: i32 = text.parse().map_err(|_| io::Error::other("no status of a twin"))?;
    Ok(ExitStatus::from_raw(if code < 0 { -code } else { code << 8 }))
}
