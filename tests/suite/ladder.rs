//! Every rung of a run, held to the live Python twin bit for bit: data, initial
//! weights, logits, loss, gradients, Adam's moments, parameters.

use crate::common::{activations, assert_same_bits, draws, several, stdout};
use crate::forked::python;
use fastrand::Rng;

#[test]
fn the_lessons_run_has_the_bits_of_python_at_every_step() {
    assert_same_bits("train", &["--threads 1", "--threads 2", "--same-init"].map(str::to_owned));
}

#[test]
fn both_sides_have_the_same_activations() {
    let mut command = python();
    command.args(["-c", "from python_ref.activation import *; print(*ACTIVATIONS)"]);
    assert_eq!(stdout(command).split_whitespace().collect::<Vec<_>>(), activations());
}

#[test]
fn every_activation_has_the_bits_of_python() {
    let all = activations().join(",");
    assert_same_bits("train", &[format!("--activations {all} --epochs 20")]);
}

#[test]
fn runs_at_the_edges_have_the_bits_of_python() {
    let all = activations().join(",");
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
    assert_same_bits("train", &edges.map(|edge| format!("{edge} --activations {all}")));
}

/// A matrix of one row or one column is of two layouts at once.
#[test]
fn every_small_size_has_the_bits_of_python() {
    let sizes = [1, 2, 3, 16, 17];
    let flags = |samples, features, hidden| {
        format!(
            "--samples {samples} --features {features} --hidden {hidden} --epochs 2 \
             --activations tanh,relu"
        )
    };
    let of = |samples, features| sizes.map(|hidden| flags(samples, features, hidden));
    let all = |samples| sizes.into_iter().flat_map(move |features| of(samples, features));
    let runs: Vec<_> = sizes.into_iter().flat_map(all).collect();
    assert_eq!(runs.len(), 125);
    assert_same_bits("train", &runs);
}

#[test]
fn randomly_drawn_runs_have_the_bits_of_python() {
    let mut rng = draws();
    let runs: Vec<_> = (0..36).map(|_| random_flags(&mut rng)).collect();
    assert_same_bits("train", &runs);
}

fn random_flags(rng: &mut Rng) -> String {
    let activations = several(rng, activations(), 4);
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
