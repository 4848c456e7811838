//! Pitfalls and resync, with live PyTorch on the other side.

use std::path::Path;

use assert_cmd::Command;
use tanh_parity::lesson::Experiment;
use tanh_parity::parity::compare;
use tanh_parity::pitfalls;
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::settings::Settings;
use tanh_parity::trace::Trace;

/// Hidden units for which a bias and a weight end in values beyond the last
/// full vector of the fused kernel.
const HIDDEN: i64 = 67;

fn settings() -> Settings {
    Settings {
        seed: 3,
        samples: 512,
        features: 10,
        hidden: HIDDEN,
        epochs: 50,
        lr: 1e-3,
        activations: vec![Activation::Sigmoid, Activation::Tanh, Activation::Relu],
        same_init: false,
        threads: 1,
    }
}

#[test]
fn optimizers_that_pytorch_has_are_imitated_bit_for_bit() {
    let settings = settings();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let python = Command::new(root.join(".venv/bin/python"))
        .arg(root.join("tests/optimizers.py"))
        .arg(folder.path())
        .args(settings.flags())
        .output()
        .expect("run `make setup` first");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));

    for name in ["fused-adam", "amsgrad", "adamw-decay", "eps-1e-7"] {
        let pitfall = pitfalls::all().find(|pitfall| pitfall.name == name).unwrap();
        let mut ours = settings.trace();
        pitfall.parts.train(&settings, &mut ours);
        let theirs = Trace::read(&folder.path().join(format!("{name}.safetensors"))).unwrap();
        let report = compare(["Rust", "Python"], &ours, &theirs, None);
        assert!(report.first().is_none(), "{name}\n{report}");
    }
}

/// Runs the binary with these flags; returns exit code and standard output.
fn run(flags: &str, python_path: Option<&Path>) -> (i32, String) {
    let mut command = Command::cargo_bin("tanh-parity").unwrap();
    command.args(flags.split_whitespace());
    if let Some(folder) = python_path {
        command.env("PYTHONPATH", folder);
    }
    let output = command.output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().expect(&err), out)
}

#[test]
fn against_python_the_findings_are_those_against_our_own_right_run() {
    let flags = "pitfalls --only bias-first,tch-adam,fused-adam,powi";
    let alone = run(flags, None);
    assert_eq!(alone.0, 0);
    assert_eq!(run(&format!("{flags} --against-python"), None), alone);
}

#[test]
fn resynced_to_the_twin_no_step_has_an_error_of_its_own() {
    let (code, out) = run("check --resync", None);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("verdict: exact: 2,714 tensors"), "{out}");
}

/// PyTorch's Adam with another eps stands for a wrong port: each update is
/// wrong by itself, and nothing else is, since nothing is handed on.
#[test]
fn resync_fails_where_pythons_steps_are_others_and_tells_own_from_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let patch = "import functools, torch\n\
                 torch.optim.Adam = functools.partial(torch.optim.Adam, eps=1e-7)\n";
    std::fs::write(folder.path().join("sitecustomize.py"), patch).unwrap();
    let (code, out) = run("check --resync", Some(folder.path()));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("first divergence (local): sigmoid, epoch 1, param"), "{out}");
    assert!(out.contains("steps with an error of their own: 150 of 150"), "{out}");
    let rows: Vec<Vec<_>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [["forward", "0", "0"], ["state", "0", "0"], ["param", "600", "0"]] {
        assert!(rows.contains(&row.to_vec()), "{out}");
    }
}
