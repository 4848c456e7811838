//! The fast loop does what the plain loop does, bit for bit.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use fastrand::Rng;
use tanh_parity::fast;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::train::{Loop, Mlp, draw, make_data, train_drawn};
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::pytorch::nn::{Module, cross_entropy};
use tanh_parity::settings::Settings;
use tanh_parity::trace::Trace;

/// libtorch's generator and its threads are global: one run at a time.
static TRAINING: Mutex<()> = Mutex::new(());

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
        let activations = Activation::value_variants().to_vec();
        let settings = Settings { samples, threads, activations, ..small() };
        assert_eq!(first_difference(&settings), None, "{settings:?}");
    }
}

#[test]
fn runs_that_overflow_give_the_same_bits() {
    for lr in [1e20, 1e37] {
        let activations = Activation::value_variants().to_vec();
        let settings = Settings { lr, activations, epochs: 6, ..small() };
        assert_eq!(first_difference(&settings), None, "{settings:?}");
        let losses = run(Loop::Fast, &settings).1;
        assert!(losses.iter().any(|loss| !loss.is_finite()), "no run overflows at {lr}");
    }
}

#[test]
fn older_cpus_give_the_same_bits() {
    for capability in ["default", "avx2"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "any_settings_give_the_same_bits"])
            .arg("runs_that_overflow_give_the_same_bits")
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
    let _alone = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
    let (x, y) = make_data(20, 3);
    let model = Mlp::new(3, 5, Activation::Tanh);
    let before = cross_entropy(&model.forward(&x), &y).double_value(&[]);
    let losses = fast::fit("tanh", &model, 1e-3, (&x, &y), 2, &mut ());
    let after = cross_entropy(&model.forward(&x), &y).double_value(&[]);
    assert_eq!(losses[0], before);
    assert!(after < losses[1], "{after} {losses:?}");
}

#[test]
fn a_difference_would_be_found() {
    let settings = small();
    let other = Settings { lr: settings.lr * 1.000_001, ..settings.clone() };
    let traces = [run(Loop::Plain, &settings).0, run(Loop::Fast, &other).0];
    assert_eq!(differing_key(&traces).as_deref(), Some("sigmoid/000001/param/fc1.weight"));
}

/// A few quick epochs of the lesson's network.
fn small() -> Settings {
    Settings {
        seed: 0,
        samples: 100,
        features: 10,
        hidden: 16,
        epochs: 3,
        lr: 1e-3,
        activations: vec![Activation::Sigmoid],
        same_init: false,
        threads: 1,
    }
}

/// Sizes around what vector registers and blocks of matrices hold, learning
/// rates from none to those that overflow.
fn random_settings(rng: &mut Rng) -> Settings {
    const SIZES: [i64; 16] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 127, 257, 512];
    const RATES: [f64; 10] = [0.0, 1e-30, 1e-8, 1e-3, 1e-2, 0.3, 10.0, 1e4, 1e18, 1e37];
    let size =
        |rng: &mut Rng| if rng.bool() { *rng.choice(&SIZES).unwrap() } else { rng.i64(1..300) };
    let [samples, hidden] = [size(rng), size(rng)];
    // Up to eleven features `fast` adds up the first weight's gradient itself.
    let features = if rng.bool() { rng.i64(1..=12) } else { size(rng) };
    let mut activations = Activation::value_variants().to_vec();
    rng.shuffle(&mut activations);
    activations.truncate(rng.usize(1..=4));
    Settings {
        seed: rng.i64(..),
        samples,
        features,
        hidden,
        epochs: rng.usize(1..12),
        lr: *rng.choice(&RATES).unwrap(),
        activations,
        same_init: rng.bool(),
        threads: if rng.u8(..5) == 0 { 2 } else { 1 },
    }
}

/// Trains by both loops; returns the key of the first tensor that differs.
fn first_difference(settings: &Settings) -> Option<String> {
    let traces = [Loop::Plain, Loop::Fast].map(|how| run(how, settings).0);
    differing_key(&traces)
}

fn run(how: Loop, settings: &Settings) -> (Trace, Vec<f64>) {
    let _alone = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut trace = settings.trace();
    let losses = train_drawn(how, settings, draw(settings), &mut trace);
    (trace, losses.into_iter().flat_map(|(_, losses)| losses).collect())
}

/// In the order of events; tensors are compared by their bytes.
fn differing_key([a, b]: &[Trace; 2]) -> Option<String> {
    assert_eq!(a.keys(), b.keys());
    a.keys().into_iter().find(|&key| a.tensors[key] != b.tensors[key]).map(str::to_owned)
}
