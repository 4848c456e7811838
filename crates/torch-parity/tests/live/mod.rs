//! Live PyTorch: random cases are run on both sides, and every tensor that comes
//! of them is compared bit for bit.
#![allow(dead_code)] // each test file uses a part of it

pub mod resumed;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use serde_json::Value;
use tempfile::TempDir;
use torch_parity::compare::{self, Options, Verdict};
use torch_parity::trace::{Array, Trace};

/// The project's Python, or another one that has PyTorch 2.13.0.
pub fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    std::env::var_os("TORCH_PARITY_PYTHON").map_or(own, PathBuf::from)
}

/// Runs `tests/SCRIPT` once for all `cases`. It is given a
/// folder with the cases as JSON, `cases.json`, and leaves
/// `0.safetensors`, `1.safetensors`, ... there, one for each case, with any keys.
pub fn run_python(script: &str, cases: &[Value]) -> Vec<Trace> {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cases.json"), serde_json::to_string(cases).unwrap()).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(python())
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

/// Runs all cases here and in Python; both must leave the same keys and bits.
pub fn assert_same_bits(
    script: &str,
    cases: &[Value],
    rust: impl Fn(&Value) -> Vec<(String, tch::Tensor)>,
) {
    let reports = reports(script, cases, cases, rust);
    let mut parted =
        cases.iter().zip(&reports).filter(|(_, report)| report.verdict() != Verdict::Exact);
    if let Some((case, report)) = parted.next() {
        panic!("{} of {} cases part, first {case}\n{report}", parted.count() + 1, cases.len());
    }
}

/// Runs `cases` in Python and `others` here: no two may agree.
pub fn assert_other_bits(
    script: &str,
    cases: &[Value],
    others: &[Value],
    rust: impl Fn(&Value) -> Vec<(String, tch::Tensor)>,
) {
    for (other, report) in others.iter().zip(reports(script, cases, others, rust)) {
        assert_ne!(report.verdict(), Verdict::Exact, "{other} goes unnoticed");
    }
}

/// Tests run side by side, and libtorch has one default generator for all: who
/// draws from it holds this. Computes with one thread, as Python does.
pub fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    let guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::set_num_threads(1);
    guard
}

/// Each of `cases` in Python, compared with each of `ours` here.
fn reports(
    script: &str,
    cases: &[Value],
    ours: &[Value],
    rust: impl Fn(&Value) -> Vec<(String, tch::Tensor)>,
) -> Vec<compare::Report> {
    tch::set_num_threads(1);
    let pythons = run_python(script, cases);
    let _held = alone();
    let report = |(case, python): (&Value, &Trace)| {
        let mut ours = Trace::default();
        for (key, tensor) in rust(case) {
            ours.tensors.insert(key.into(), Array::of(&tensor).unwrap());
        }
        compare::compare(["Rust", "Python"], &ours, python, &Options::default()).unwrap()
    };
    ours.iter().zip(&pythons).map(report).collect()
}

/// The draws of a test; others with `TORCH_PARITY_DRAWS=7`.
pub fn draws() -> Rng {
    let seed = std::env::var("TORCH_PARITY_DRAWS").map_or(0, |text| text.parse().unwrap());
    Rng::with_seed(seed)
}
