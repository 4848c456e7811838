//! `check --script --port`: a user's port held to their script, both recorded.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use torch_parity::compare::{Options, compare};
use torch_parity::trace::{TRACE_VARIABLE, Trace};

use super::{Checked, record_script};
use crate::progress::spin;
use crate::python::{Folder, Python, Running};

/// Runs both, each recording, and compares. The port's words are the program and
/// its arguments.
pub fn port_against_script(
    script: &Path,
    args: &[OsString],
    port: &[OsString],
    python: &Python,
    options: &Options,
) -> Result<Checked> {
    let theirs = record_script(script, args, python)?;
    let ours = record_port(port, python)?;
    let report = compare(["port", "script"], &ours, &theirs, options)?;
    Ok(Checked::new(script.display().to_string(), String::new(), report, [ours, theirs]))
}

/// Runs the port with [`TRACE_VARIABLE`] set, and reads what it recorded.
fn record_port(words: &[OsString], python: &Python) -> Result<Trace> {
    let (program, args) = words.split_first().context("--port '' is no command: name one")?;
    let name = program.to_string_lossy();
    let folder = Folder::new()?;
    let file = folder.path().join("port.safetensors");
    let mut command = Command::new(program);
    command.args(args).env(TRACE_VARIABLE, &file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut running =
        Running::start(&name, command, folder, python.timeout()).with_context(|| {
            format!("cannot start {name}: name a program that is there with --port")
        })?;
    spin("waiting for the port", || running.finish())?;
    Trace::read(&file).with_context(|| {
        format!(
            "{name} left no record: let it record with torch_parity::trace::Recorder::from_env, \
             and finish()"
        )
    })
}
