//! The sweep: its rows, what it says of them, kills, shards, refusals.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::prelude::*;
use tempfile::TempDir;

mod damaged;
mod interrupted;
mod rows;
mod shards;
mod summary;

/// A folder of a test's own, in which the program runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file's text; empty where there is none.
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn command(&self, flags: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
        command.args(flags.split_whitespace()).current_dir(&self.0);
        command
    }

    /// Runs to the end; returns what it printed.
    fn run(&self, flags: &str) -> String {
        let assert = self.command(flags).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// Runs where it is to be refused; returns the only line on standard error.
    fn refusal(&self, flags: &str) -> String {
        one_line(&mut self.command(flags))
    }

    /// Starts it, and goes on.
    fn start(&self, flags: &str) -> Child {
        self.command(flags).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits until a sweep that was started has written so many rows to `csv`.
    fn wait_for_rows(&self, csv: &str, rows: usize) {
        let started = Instant::now();
        while self.read(csv).lines().count() < rows + 1 {
            assert!(started.elapsed() < Duration::from_secs(60), "no rows after a minute");
            sleep(Duration::from_millis(2));
        }
    }
}

/// Runs what is to end in trouble; returns its only line on standard error.
fn one_line(command: &mut Command) -> String {
    let assert = command.assert().code(2);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

/// `kill -9`.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
