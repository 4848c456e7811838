//! `recurrent`: the cells are torch's own, both sides have the same bits, and
//! mistakes in a cell are found.

use crate::common::{
    activations, assert_same_bits, draws, mistaken_python, outcome, several, stdout,
};
use crate::forked::{interpreter, python, tanh_parity};
use fastrand::Rng;
use tempfile::TempDir;

const SMALL: &str = "--samples 16 --hidden 4 --epochs 3 --steps 5";

/// More columns than fit beside each other.
const MANY_STEPS: &str =
    "--steps 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,1000 --samples 3 --hidden 2 --epochs 1";

fn torch_rnn(args: &[&str]) -> (i32, String, String) {
    let mut command = python();
    command.arg("tests/torch_rnn.py").args(args);
    outcome(command)
}

#[test]
fn with_tanh_and_relu_the_cells_are_torchs_own() {
    let (code, stdout, stderr) = torch_rnn(&[]);
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "rnn tanh: the same bits",
            "rnn relu: the same bits",
            "lstm tanh without oneDNN: the same bits"
        ]
    );
    assert!(lines[3].starts_with("lstm tanh with oneDNN: within "), "{}", lines[3]);
}

#[test]
fn with_another_activation_the_cells_are_not_torchs() {
    let (code, _, stderr) = torch_rnn(&["softsign"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("AssertionError: rnn tanh: other bits"), "{stderr}");
}

#[test]
fn nothing_is_said_of_a_cell_that_was_not_trained() {
    for (cell, other) in [("rnn", "lstm"), ("lstm", "rnn")] {
        let flags = "recurrent --steps 2 --samples 4 --hidden 2 --epochs 1 --activations tanh,relu";
        let printed = stdout(tanh_parity(&format!("{flags} --cells {cell}")));
        let claims: Vec<_> = printed.lines().filter(|line| line.contains("learned up")).collect();
        assert_eq!(claims.len(), 1, "{printed}");
        assert!(claims[0].starts_with(&format!("{cell}: ")), "{printed}");
        assert!(!printed.contains(&format!("{other} ")), "{printed}");
    }
}

#[test]
fn runs_at_the_edges_have_the_bits_of_python() {
    let edges = [
        "--steps 1 --samples 1 --hidden 1 --epochs 1",
        "--steps 3 --features 5 --hidden 33 --samples 257 --epochs 3 --threads 2",
        "--steps 60,1 --samples 7 --hidden 3 --epochs 2 --activations tanh",
        "--steps 4 --lr 0 --epochs 2 --samples 9",
        "--steps 4 --lr 1e20 --epochs 4 --samples 9", // overflows to inf, then nan
        // Learned, by heart, and neither.
        "--steps 5,30 --samples 64 --epochs 40 --lr 0.02 --activations tanh,leaky-relu",
        "--steps 2 --seed=-9223372036854775808 --epochs 2 --samples 9",
        MANY_STEPS,
    ];
    assert_same_bits("recurrent", &edges.map(str::to_owned));
}

#[test]
fn many_lengths_fit_a_terminal() {
    let tables = stdout(tanh_parity(&format!("recurrent {MANY_STEPS}")));
    assert!(tables.lines().all(|line| line.chars().count() <= 80), "{tables}");
    assert!(tables.contains("\n                   1000\n"), "{tables}");
}

#[test]
fn randomly_drawn_runs_have_the_bits_of_python() {
    let mut rng = draws();
    let runs: Vec<_> = (0..8).map(|_| random_flags(&mut rng)).collect();
    assert_same_bits("recurrent", &runs);
}

fn random_flags(rng: &mut Rng) -> String {
    let activations = several(rng, activations(), 3);
    let cells = several(rng, ["rnn", "lstm"], 2);
    let steps = rng.u32(1..25);
    let lr = 10_f64.powf(rng.f64() * 4.0 - 4.0);
    format!(
        "--seed={} --samples={} --features={} --hidden={} --epochs={} --lr={lr} \
         --steps={steps},{} --cells={cells} --activations={activations} --threads={}",
        rng.i64(..),
        rng.u32(1..300),
        rng.u32(1..6),
        rng.u32(1..70),
        rng.u32(1..6),
        steps + rng.u32(1..10),
        rng.u32(1..=2),
    )
}

#[test]
fn fails_when_the_gates_are_in_another_order() {
    let folder = TempDir::new().unwrap();
    let python = mistaken_python(interpreter(), &folder, "s/i, f, g, o = /f, i, g, o = /");
    let (code, report, stderr) = outcome(tanh_parity(&format!(
        "check recurrent {SMALL} --activations tanh --python {python}"
    )));
    assert_eq!(code, 1, "{stderr}");
    // The first sign of it: the gradient at the inputs, before the first epoch.
    assert!(
        report.contains("first divergence: lstm-tanh-5, at the start, measure, x.grad"),
        "{report}"
    );
    assert!(report.contains("rnn-tanh-5 ") && report.contains("3/3"), "the other cell: {report}");
}

#[test]
fn fails_when_the_output_keeps_its_tanh() {
    let folder = TempDir::new().unwrap();
    let python = mistaken_python(interpreter(), &folder, "s/self.activation(c)/torch.tanh(c)/");
    let (code, report, stderr) = outcome(tanh_parity(&format!(
        "check recurrent {SMALL} --activations relu --cells lstm --python {python}"
    )));
    assert_eq!(code, 1, "{stderr}");
    assert!(report.contains("first divergence: lstm-relu-5, at the start"), "{report}");
}

#[test]
fn a_network_comes_out_the_same_whatever_else_is_trained() {
    let csv = |settings: &str| {
        stdout(tanh_parity(&format!("recurrent --samples 16 --epochs 2 --csv - {settings}")))
    };
    let all = csv("--steps 3,6 --threads 2");
    let alone = csv("--steps 6 --cells lstm --activations relu");
    let [header, row] = alone.lines().collect::<Vec<_>>()[..] else { panic!("{alone}") };
    assert_eq!(all.lines().next(), Some(header));
    assert!(all.lines().any(|line| line == row), "no {row} in\n{all}");
}

#[test]
fn what_makes_no_sense_is_said_in_one_line() {
    for (flags, words) in [
        ("--steps 5,10,5", "--steps names 5 twice: name each once"),
        ("--steps 0", "a whole number from 1 to 10000"),
        ("--cells gru", "possible values: rnn, lstm"),
        ("--cells rnn,rnn", "--cells names rnn twice"),
        ("--activations tanh,tanh", "--activations names tanh twice"),
        ("--hidden 10000", "at most 134217728 values fit a tensor"),
        ("--steps 10000 --samples 100000", "at most 134217728 values fit a tensor"),
    ] {
        let (code, lines, stderr) = outcome(tanh_parity(&format!("recurrent {flags}")));
        assert_eq!((code, lines.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
    }
}
