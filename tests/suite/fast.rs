//! The fast loop does what the plain loop does, bit for bit.

use std::process::Command;

use fastrand::Rng;
use tanh_parity::fast;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::settings::Threads;
use tanh_parity::lesson::train::{Mlp, Run, Train, make_data, train};
use tanh_parity::pitfalls::{Parts, Port};
use torch_parity::nn::{Activation, Layer, cross_entropy};
use torch_parity::trace::Trace;

use crate::alone;

/// How many random settings are tried.
const TRIALS: usize = 80;

#[test]
fn any_settings_give_the_same_bits() {
    let mut rng = Rng::with_seed(0);
    for _ in 0..TRIALS {
        let settings = random_settings(&mut rng);
        assert_eq!(first_difference(&settings), None, "{settings:?}");
    }
}

#[test]
fn many_samples_give_the_same_bits() {
    for (samples, threads) in [(4097, 1), (40_001, 2)] {
        let activations = all();
        let settings =
            with(|run| Run { samples, threads: Threads { count: threads }, activations, ..run });
        assert_eq!(first_difference(&settings), None, "{settings:?}");
    }
}

#[test]
fn runs_that_overflow_give_the_same_bits() {
    for lr in [1e20, 1e37] {
        let activations = all();
        let settings = with(|run| Run { lr, activations, epochs: 6, ..run });
        assert_eq!(first_difference(&settings), None, "{settings:?}");
        let losses = losses(&run(Loop::Fast, &settings));
        assert!(losses.iter().any(|loss| !loss.is_finite()), "no run overflows at {lr}");
    }
}

#[test]
fn older_cpus_give_the_same_bits() {
    for capability in ["default", "avx2"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "fast::any_settings_give_the_same_bits"])
            .arg("fast::runs_that_overflow_give_the_same_bits")
            .env("ATEN_CPU_CAPABILITY", capability)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{capability}: {text}");
        assert!(text.contains("2 passed"), "{capability}: {text}");
    }
}

#[test]
fn the_network_itself_is_trained() {
    let _alone = alone();
    let (x, y) = make_data(20, 3);
    let model = Mlp::new(3, 5, Activation::Tanh);
    let before = cross_entropy(&model.forward(&x), &y).double_value(&[]);
    let losses = fast::fit("tanh", Activation::Tanh, &model, 1e-3, (&x, &y), 2, &mut ());
    let losses = losses.unwrap();
    let after = cross_entropy(&model.forward(&x), &y).double_value(&[]);
    assert_eq!(losses[0], before);
    assert!(after < losses[1], "{after} {losses:?}");
}

#[test]
fn a_difference_would_be_found() {
    let settings = small();
    let other = with(|run| Run { lr: run.lr * 1.000_001, ..run });
    let traces = [run(Loop::Plain, &settings), run(Loop::Fast, &other)];
    assert_eq!(differing_key(&traces).as_deref(), Some("sigmoid/000001/param/fc1.weight"));
}

/// A few quick epochs of the lesson's network.
fn small() -> Train {
    with(|run| run)
}

pub fn with(change: impl FnOnce(Run) -> Run) -> Train {
    let activations = vec![Activation::Sigmoid];
    let run = Train::default().run;
    let run = Run { samples: 100, hidden: 16, epochs: 3, activations, ..run };
    Train { seed: 0, run: change(run) }
}

fn all() -> Vec<Activation> {
    Activation::ALL.iter().map(|(activation, ..)| *activation).collect()
}

/// Sizes around what vector registers and blocks of matrices hold, learning
/// rates from none to those that overflow.
fn random_settings(rng: &mut Rng) -> Train {
    const SIZES: [i64; 16] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 127, 257, 512];
    const RATES: [f64; 10] = [0.0, 1e-30, 1e-8, 1e-3, 1e-2, 0.3, 10.0, 1e4, 1e18, 1e37];
    let size =
        |rng: &mut Rng| if rng.bool() { *rng.choice(&SIZES).unwrap() } else { rng.i64(1..300) };
    let [samples, hidden] = [size(rng), size(rng)];
    // Up to eleven features `fast` adds up the first weight's gradient itself.
    let features = if rng.bool() { rng.i64(1..=12) } else { size(rng) };
    let mut activations = all();
    rng.shuffle(&mut activations);
    activations.truncate(rng.usize(1..=4));
    let run = Run {
        samples,
        features,
        hidden,
        epochs: rng.usize(1..12),
        lr: *rng.choice(&RATES).unwrap(),
        activations,
        same_init: rng.bool(),
        threads: Threads { count: if rng.u8(..5) == 0 { 2 } else { 1 } },
    };
    Train { seed: rng.i64(..), run }
}

/// Which loop trains.
#[derive(Clone, Copy)]
pub enum Loop {
    /// The lesson's, as pitfalls are trained by.
    Plain,
    /// What `train` runs.
    Fast,
}

/// Trains by both loops; returns the key of the first tensor that differs.
fn first_difference(settings: &Train) -> Option<String> {
    let traces = [Loop::Plain, Loop::Fast].map(|how| run(how, settings));
    differing_key(&traces)
}

/// Trains by one loop; returns the record.
pub fn run(how: Loop, settings: &Train) -> Trace {
    let _alone = alone();
    let mut trace = settings.trace();
    match how {
        Loop::Plain => Parts::RIGHT.train(settings, &mut trace).unwrap(),
        Loop::Fast => drop(train(settings, &mut trace).unwrap()),
    }
    trace
}

/// Those of every epoch.
fn losses(trace: &Trace) -> Vec<f32> {
    let losses = trace.tensors.iter().filter(|(key, _)| key.in_phase("loss").is_some());
    losses.map(|(_, loss)| f32::from_ne_bytes(loss.bytes().try_into().unwrap())).collect()
}

/// In the order of events; tensors are compared by their bytes.
fn differing_key([a, b]: &[Trace; 2]) -> Option<String> {
    assert_eq!(a.keys(), b.keys());
    a.keys().into_iter().find(|&key| a.tensors[key] != b.tensors[key]).map(ToString::to_string)
}
