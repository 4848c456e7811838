//! Live PyTorch: random cases are run on both sides, and every tensor that comes
//! of them is compared bit for bit.

pub mod resumed;

#[path = "../../../../parity/tests/live/mod.rs"]
mod python;

use std::sync::{Mutex, MutexGuard, PoisonError};

use parity::compare::{self, Options, Verdict};
use serde_json::Value;
use torch_parity::trace::{Array, OfTensor, Trace};

pub use python::{draws, run_python};

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
