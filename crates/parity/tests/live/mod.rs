//! Live PyTorch: what a Python script of the tests leaves as records.
#![allow(dead_code)] // each test file uses a part of it

mod forks;

use std::path::{Path, PathBuf};
use std::process::Command;

use fastrand::Rng;
use parity_record::Trace;
use serde_json::Value;
use tempfile::TempDir;

/// The project's Python, or another one that has PyTorch 2.13.0.
pub fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    std::env::var_os("TORCH_PARITY_PYTHON").map_or(own, PathBuf::from)
}

/// A stand-in for it, which starts at once.
pub fn forked() -> &'static Path {
    forks::stand_in(&python(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// Runs `tests/SCRIPT` once for all `cases`. It is given a
/// folder with the cases as JSON, `cases.json`, and leaves
/// `0.safetensors`, `1.safetensors`, ... there, one for each case, with any keys.
pub fn run_python(script: &str, cases: &[Value]) -> Vec<Trace> {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cases.json"), serde_json::to_string(cases).unwrap()).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(forked())
        .arg(tests.join(script))
        .arg(folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("OMP_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    let read = |i| Trace::read(&path(&format!("{i}.safetensors"))).unwrap();
    (0..cases.len()).map(read).collect()
}

/// The draws of a test; others with `TORCH_PARITY_DRAWS=7`.
pub fn draws() -> Rng {
    let seed = std::env::var("TORCH_PARITY_DRAWS").map_or(0, |text| text.parse().unwrap());
    Rng::with_seed(seed)
}
