//! The lesson's run against files that Python made, for machines whose kernels
//! round otherwise: within `torch.testing.assert_close`'s float32 defaults.
//! Where these tests say that a file is stale, `make golden` makes it again.

mod common;

use common::{outcome, python, root, stdout, tanh_parity};
use tempfile::TempDir;

const TOLERANCE: &str = "--rtol 1.3e-6 --atol 1e-5";

fn golden(name: &str) -> String {
    root().join("tests/golden").join(name).display().to_string()
}

/// Our run's file against the golden one of the same name.
fn compare(flag: &str, name: &str, settings: &str) -> (i32, String, String) {
    let folder = TempDir::new().unwrap();
    let ours = folder.path().join(name).display().to_string();
    stdout(tanh_parity(&format!("train {flag} {ours} {settings}")));
    outcome(tanh_parity(&format!("compare {ours} {} {TOLERANCE}", golden(name))))
}

fn assert_close((code, stdout, stderr): (i32, String, String)) {
    assert_eq!(code, 0, "stale? make golden\n{stdout}{stderr}");
    assert!(stdout.contains("verdict: within tolerance"), "{stdout}");
}

#[test]
fn the_final_losses_are_those_of_the_golden_run() {
    assert_close(compare("--csv", "losses.csv", ""));
}

#[test]
fn the_loss_of_every_epoch_is_that_of_the_golden_run() {
    assert_close(compare("--history", "history.csv", ""));
}

#[test]
fn everything_in_the_first_epochs_is_that_of_the_golden_run() {
    assert_close(compare("--trace", "first-epochs.safetensors", "--epochs 2"));
}

#[test]
fn a_run_of_another_seed_is_not_the_golden_run() {
    assert_eq!(compare("--csv", "losses.csv", "--seed 1").0, 1);
    assert_eq!(compare("--trace", "first-epochs.safetensors", "--epochs 2 --seed 1").0, 1);
}

#[test]
fn other_kernels_of_the_same_libtorch_stay_within_the_tolerance_and_at_parity() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let plain = |mut command: assert_cmd::Command| {
        command.env("ATEN_CPU_CAPABILITY", "default");
        command
    };
    let [ours, theirs] = [file("rust.safetensors"), file("python.safetensors")];
    stdout(plain(tanh_parity(&format!("train --epochs 2 --trace {ours}"))));
    let golden = golden("first-epochs.safetensors");
    assert_close(outcome(tanh_parity(&format!("compare {ours} {golden} {TOLERANCE}"))));

    let mut twin = plain(python());
    twin.args(["-m", "python_ref.train", "--epochs", "2", "--trace", &theirs]);
    stdout(twin);
    let (code, report, _) = outcome(tanh_parity(&format!("compare {ours} {theirs}")));
    assert_eq!(code, 0, "{report}");
}
