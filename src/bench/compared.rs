//! How long `compare` takes over equal records, beside `cmp`, which only reads.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use tempfile::TempDir;

use super::Measured;
use super::process::wall_and_memory;

/// Whether this machine has a `cmp`.
pub fn has_cmp() -> bool {
    let mut cmp = Command::new("cmp");
    cmp.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    cmp.status().is_ok()
}

/// The records, in a folder that is removed at the end.
pub struct Records<'a> {
    ours: &'a Path,
    folder: TempDir,
    timeout: Duration,
}

impl<'a> Records<'a> {
    /// Trains and records each number of epochs once, and copies the record.
    pub fn write(ours: &'a Path, rows: &[Measured], timeout: Duration) -> Result<Self> {
        let folder = TempDir::with_prefix("tanh-parity-").context("no temporary folder")?;
        let records = Self { ours, folder, timeout };
        for pair in rows.chunks(2) {
            let epochs = pair[0].case.epochs;
            let [a, b] = records.paths(epochs);
            let mut train = Command::new(ours);
            train.args(["train", &format!("--epochs={epochs}"), "--trace"]).arg(&a);
            wall_and_memory(&mut train, timeout)?;
            std::fs::copy(&a, &b).with_context(|| format!("cannot write {}", b.display()))?;
        }
        Ok(records)
    }

    fn paths(&self, epochs: usize) -> [PathBuf; 2] {
        ["a", "b"].map(|side| self.folder.path().join(format!("{side}{epochs}.safetensors")))
    }

    /// A round.
    pub fn measure(&self, rows: &mut [Measured], bar: &ProgressBar) -> Result<()> {
        for pair in rows.chunks_mut(2) {
            let paths = self.paths(pair[0].case.epochs);
            let cmp = wall_and_memory(Command::new("cmp").args(&paths), self.timeout)?;
            let mut compare = Command::new(self.ours);
            let ours = wall_and_memory(compare.arg("compare").args(&paths), self.timeout)?;
            for (row, (cmp, ours)) in pair.iter_mut().zip(cmp.into_iter().zip(ours)) {
                row.python.push(cmp);
                row.rust.push(ours);
                bar.inc(1);
            }
        }
        Ok(())
    }
}
