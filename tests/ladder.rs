//! Every rung of a run, held to the live Python twin bit for bit: data, initial
//! weights, logits, loss, gradients, Adam's moments, parameters.

mod common;

use std::path::Path;

use common::{python, stdout, tanh_parity};
use fastrand::Rng;
use tanh_parity::parity::{self, Verdict};
use tanh_parity::trace::Trace;
use tempfile::TempDir;

const ACTIVATIONS: [&str; 10] = [
    "sigmoid",
    "tanh",
    "relu",
    "leaky-relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "hardtanh",
    "softsign",
];

/// One Python process for many runs, so that PyTorch is imported once.
const MANY: &str = "
import contextlib, io, sys
from python_ref import train
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()):
        train.main(line.split())
";

/// Runs each line of flags on both sides and compares the complete traces.
fn assert_same_bits(runs: &[String]) {
    let folder = TempDir::new().unwrap();
    let file = |side: &str, i: usize| folder.path().join(format!("{side}-{i}.safetensors"));
    let traced = |side: &str, i: usize| format!("{} --trace={}", runs[i], file(side, i).display());
    let lines: Vec<_> = (0..runs.len()).map(|i| traced("python", i)).collect();
    stdout({
        let mut command = python();
        command.args(["-c", MANY]).write_stdin(lines.join("\n"));
        command
    });
    for (i, run) in runs.iter().enumerate() {
        stdout(tanh_parity(&format!("train {}", traced("rust", i))));
        let [rust, python] = [file("rust", i), file("python", i)].map(|path| read(&path));
        assert!(rust.tensors.len() > 20, "a trace of {run} holds a whole run");
        let report = parity::compare(["Rust", "Python"], &rust, &python, None);
        // The lowest rung that fails is the one to look at.
        for (phase, tally) in &report.phases {
            assert_eq!(tally.tensors, tally.tensors_equal, "{phase} of {run}\n{report}");
        }
        assert_eq!(report.verdict(), Verdict::Exact, "{run}\n{report}");
    }
}

fn read(path: &Path) -> Trace {
    let trace = Trace::read(path).unwrap();
    std::fs::remove_file(path).unwrap(); // the larger ones add up
    trace
}

#[test]
fn the_lessons_run_has_the_bits_of_python_at_every_step() {
    assert_same_bits(&["--threads 1", "--threads 2", "--same-init"].map(str::to_owned));
}

#[test]
fn every_activation_has_the_bits_of_python() {
    let all = ACTIVATIONS.join(",");
    assert_same_bits(&[format!("--activations {all} --epochs 20")]);
}

#[test]
fn runs_at_the_edges_have_the_bits_of_python() {
    let all = ACTIVATIONS.join(",");
    let edges = [
        "--samples 1 --features 1 --hidden 1",
        "--samples 1 --epochs 1",
        "--features 1 --hidden 257 --samples 257",
        "--samples 4097 --features 3 --hidden 33 --epochs 3 --threads 2",
        "--samples 257 --features 257 --hidden 1 --epochs 3 --threads 2",
        "--seed=-1 --epochs 2",
        "--seed=-9223372036854775808 --epochs 2",
        "--seed=2147483648 --epochs 2",
        "--seed=9223372036854775807 --epochs 2",
        "--lr 0 --epochs 3",
        "--lr 1e-45 --epochs 3",
        "--lr 30 --epochs 12",
        "--lr 1e20 --epochs 6", // overflows to inf, then nan
        "--lr 1e37 --epochs 6",
    ];
    assert_same_bits(&edges.map(|edge| format!("{edge} --activations {all}")));
}

#[test]
fn randomly_drawn_runs_have_the_bits_of_python() {
    // Other draws: TANH_PARITY_DRAWS=7 cargo test --release
    let seed = std::env::var("TANH_PARITY_DRAWS").map_or(0, |text| text.parse().unwrap());
    let mut rng = Rng::with_seed(seed);
    let runs: Vec<_> = (0..36).map(|_| random_flags(&mut rng)).collect();
    assert_same_bits(&runs);
}

fn random_flags(rng: &mut Rng) -> String {
    let mut activations = ACTIVATIONS;
    rng.shuffle(&mut activations);
    let activations = activations[..rng.usize(1..=4)].join(",");
    let lr = 10_f64.powf(rng.f64() * 6.0 - 5.0);
    let same_init = if rng.bool() { "--same-init" } else { "" };
    format!(
        "--seed={} --samples={} --features={} --hidden={} --epochs={} --lr={lr} \
         --activations={activations} --threads={} {same_init}",
        rng.i64(..),
        rng.u32(1..1500),
        rng.u32(1..80),
        rng.u32(1..300),
        rng.u32(1..15),
        rng.u32(1..=2),
    )
}
