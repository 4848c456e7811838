//! What the tests share: the two programs, and traces to spoil.
#![allow(dead_code)] // each test file uses a part of it

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tanh_parity::trace::Trace;
use tempfile::TempDir;

/// The program under test; a failing assertion shows the command and what it
/// printed.
pub fn tanh_parity(args: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
    command.args(args.split_whitespace());
    command
}

/// The project's Python.
pub fn python() -> Command {
    let mut command = Command::new(root().join(".venv/bin/python"));
    command.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a successful run printed.
pub fn stdout(mut command: Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// Exit status, standard output and standard error of any run.
pub fn outcome(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A small run's trace, in a folder of its own: two epochs of two activations.
pub fn small_trace() -> (TempDir, PathBuf, Trace) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.safetensors");
    let flags =
        "train --samples 8 --features 3 --hidden 4 --epochs 2 --activations tanh,relu --trace";
    stdout({
        let mut command = tanh_parity(flags);
        command.arg(&path);
        command
    });
    let trace = Trace::read(&path).unwrap();
    (folder, path, trace)
}
