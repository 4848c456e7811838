//! Why two programs part: pairs of every kind, each found at the line that did it, and
//! nothing where nothing differs.

mod alarms;
mod altered;
mod bounds;
mod ended;
#[path = "../live/forks.rs"]
mod forks;
mod forms;
mod honest;
mod limits;
mod many;
mod pairs;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn real_python() -> PathBuf {
    root().join(".venv/bin/python")
}

/// A stand-in for it, which starts at once.
fn python() -> &'static Path {
    forks::stand_in(&real_python(), &root())
}

/// `parity why`, run in the project's folder, with its Python.
fn why<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parity"));
    command.arg("why").args(args).current_dir(root()).env("TANH_PARITY_PYTHON", python());
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// What it prints, if it ends with this status.
fn prints(mut command: Command, status: i32) -> String {
    let output: Output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{command:?}\n{text}\n{errors}");
    assert!(!errors.contains("RecordFunction callback"), "the watcher failed: {errors}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    if status == 2 { errors.into_owned() } else { text }
}

/// An example of torch-parity, which `cargo test` has built.
fn example(name: &str) -> String {
    let built =
        Path::new(env!("CARGO_BIN_EXE_parity")).parent().unwrap().join("examples").join(name);
    assert!(built.is_file(), "{}: run with --workspace", built.display());
    built.display().to_string()
}

/// Whether the lines follow each other in the text, others in between.
#[track_caller]
fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part);
        assert!(at.is_some(), "{part:?} is not where it should be in\n{text}");
        rest = &rest[at.unwrap() + part.len()..];
    }
}
