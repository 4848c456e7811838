//! `check --script --port`: a user's port held to their script, both recorded.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use parity_record::{DIGEST_VARIABLE, Kept, STEPS_VARIABLE, TRACE_VARIABLE, Trace};

use super::again::look_again;
use super::{Checked, left_by, record_script};
use crate::compare::{Options, Verdict, compare};
use crate::ops::cannot_start;
use crate::program;
use crate::progress::spin;
use crate::python::{Folder, Python, Running, Script, set_threads, steps};

/// Runs both, each recording, and compares. The port's words are the program and
/// its arguments.
pub fn port_against_script(
    script: Script<'_>,
    port: &[OsString],
    python: &Python,
    digest: bool,
    options: &Options,
) -> Result<Checked> {
    let both = |kept: &Kept| -> Result<[Trace; 2]> {
        let theirs = record_script(script, python, kept)?;
        Ok([record_port(port, script, python, kept)?, theirs])
    };
    let sides = ["port", "script"];
    let traces = both(&Kept { digest, ..Kept::default() })?;
    let [ours, theirs] = &traces;
    let mut report = compare(sides, ours, theirs, options)?;
    look_again(&mut report, sides, [ours, theirs], options, both);
    let mut checked =
        Checked::new(script.path.display().to_string(), String::new(), report, traces);
    if checked.report.verdict() == Verdict::Diverged {
        checked.ask = Some(how_to_ask(script, port));
    }
    Ok(checked)
}

/// The command that names the first operation where the two part.
fn how_to_ask(script: Script<'_>, port: &[OsString]) -> String {
    let line = |words: &[OsString]| {
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_default()
    };
    let mut words = vec!["why".into()];
    words.extend(script.is_module.then(|| "-m".into()));
    words.extend(["--script".into(), script.path.into(), "--port".into(), line(port).into()]);
    if !script.args.is_empty() {
        words.push("--".into());
        words.extend_from_slice(script.args);
    }
    format!("{} {}", program::current().name, line(&words))
}

/// The port, from its words: the program and its arguments.
pub fn port_command(words: &[OsString], threads: i32) -> Result<Command> {
    let (program, args) = words.split_first().context("--port '' is no command: name one")?;
    let mut command = Command::new(program);
    command.args(args);
    set_threads(&mut command, threads);
    Ok(command)
}

/// Runs the port with [`TRACE_VARIABLE`] set, and reads what it recorded.
fn record_port(
    words: &[OsString],
    script: Script<'_>,
    python: &Python,
    kept: &Kept,
) -> Result<Trace> {
    let mut command = port_command(words, script.threads)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let folder = Folder::new()?;
    let file = folder.path().join("port.safetensors");
    command.env(TRACE_VARIABLE, &file).env(STEPS_VARIABLE, steps(kept));
    command.env(DIGEST_VARIABLE, if kept.digest { "1" } else { "" });
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut running = Running::start(&name, command, folder, python.timeout())
        .with_context(|| cannot_start(&name))?;
    spin("waiting for the port", || running.finish())?;
    let is_python = words.iter().any(|word| Path::new(word).extension() == Some("py".as_ref()));
    let remedy = if is_python {
        "a script in Python is recorded by `parity record`, and two records are compared by \
         `parity compare`"
    } else {
        "let it record with torch_parity's Recorder::from_env and call finish() at the end, or \
         write a record to the file that TORCH_PARITY_TRACE names"
    };
    let ask = how_to_ask(script, words);
    left_by(&name, &file, &format!("{remedy}; or compare the two as they are: {ask}"))
}
