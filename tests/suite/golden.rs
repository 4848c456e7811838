//! The lesson's run against files that Python made, for machines whose kernels
//! round otherwise: within `torch.testing.assert_close`'s float32 defaults.
//! Where these tests say that a file is stale, `make golden` makes it again.

use std::path::Path;

use crate::common::{outcome, python, root, stdout, tanh_parity};
use tanh_parity::lesson::{Experiment, Visitor, visit_all};
use tempfile::TempDir;

const TOLERANCE: &str = "--rtol 1.3e-6 --atol 1e-5";

fn golden(name: &str) -> String {
    root().join("tests/golden").join(name).display().to_string()
}

/// Our run's file against the golden one of the same name.
fn compare(experiment: &str, settings: &str, flag: &str, name: &str) -> (i32, String, String) {
    let folder = TempDir::new().unwrap();
    let ours = folder.path().join(name).display().to_string();
    stdout(tanh_parity(&format!("{experiment} {settings} {flag} {ours}")));
    outcome(tanh_parity(&format!("compare {ours} {} {TOLERANCE}", golden(name))))
}

fn assert_close((code, stdout, stderr): (i32, String, String)) {
    assert_eq!(code, 0, "stale? make golden\n{stdout}{stderr}");
    let exact_or_close = ["verdict: exact", "verdict: within tolerance"];
    assert!(exact_or_close.iter().any(|verdict| stdout.contains(verdict)), "{stdout}");
}

#[test]
fn every_experiment_has_a_golden_file() {
    struct Missing(Vec<&'static str>);
    impl Visitor for Missing {
        fn visit<E: Experiment>(&mut self) {
            let csv = E::FILES.iter().find(|file| file.flag == "csv").unwrap();
            if !Path::new(&golden(csv.name)).exists() {
                self.0.push(E::NAME);
            }
        }
    }
    let mut missing = Missing(Vec::new());
    visit_all(&mut missing);
    assert!(missing.0.is_empty(), "add {:?} to python_ref/golden.py: make golden", missing.0);
}

#[test]
fn the_final_losses_are_those_of_the_golden_run() {
    assert_close(compare("train", "", "--csv", "losses.csv"));
}

#[test]
fn the_loss_of_every_epoch_is_that_of_the_golden_run() {
    assert_close(compare("train", "", "--history", "history.csv"));
}

#[test]
fn everything_in_the_first_epochs_is_that_of_the_golden_run() {
    assert_close(compare("train", "--epochs 2", "--trace", "first-epochs.safetensors"));
}

#[test]
fn the_curve_is_that_of_the_golden_run() {
    assert_close(compare("curve", "", "--csv", "curve.csv"));
    assert_eq!(compare("curve", "--to 10.001", "--csv", "curve.csv").0, 1);
}

#[test]
fn what_flows_through_deep_networks_is_that_of_the_golden_run() {
    let settings = "--depths 1,4 --epochs 5";
    assert_close(compare("signal", settings, "--csv", "signal.csv"));
    assert_eq!(compare("signal", &format!("{settings} --seed 1"), "--csv", "signal.csv").0, 1);
}

#[test]
fn what_recurrent_cells_learn_is_that_of_the_golden_run() {
    let settings = "--steps 5,10 --epochs 5";
    assert_close(compare("recurrent", settings, "--csv", "recurrent.csv"));
    let other = format!("{settings} --seed 1");
    assert_eq!(compare("recurrent", &other, "--csv", "recurrent.csv").0, 1);
}

#[test]
fn what_decoders_learn_is_that_of_the_golden_run() {
    assert_close(compare("generator", "--epochs 10", "--csv", "generator.csv"));
    assert_eq!(compare("generator", "--epochs 11", "--csv", "generator.csv").0, 1);
}

#[test]
fn a_run_of_another_seed_is_not_the_golden_run() {
    assert_eq!(compare("train", "--seed 1", "--csv", "losses.csv").0, 1);
    assert_eq!(compare("train", "--epochs 2 --seed 1", "--trace", "first-epochs.safetensors").0, 1);
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
