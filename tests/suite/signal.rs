//! `signal`, held to the live Python twin and to `train`.

use std::path::Path;

use crate::common::{activations, assert_same_bits, draws, outcome, several, stdout, tanh_parity};
use tempfile::TempDir;
use torch_parity::trace::Trace;

#[test]
fn deep_networks_have_the_bits_of_python() {
    let all = activations().join(",");
    let mut rng = draws();
    let mut runs = vec![
        "--depths 16,1 --epochs 3 --same-init".to_owned(),
        format!("--activations {all} --depths 3 --epochs 2 --threads 2"),
        format!("--activations {all} --samples 1 --features 1 --hidden 1 --epochs 2"),
        format!("--activations {all} --depths 2 --lr 1e20 --epochs 4"), // overflows to nan
    ];
    runs.extend((0..8).map(|_| {
        format!(
            "--seed={} --samples={} --features={} --hidden={} --epochs={} --lr={} --depths={} \
             --saturation={} --activations={} --threads={}",
            rng.i64(..),
            rng.u32(1..300),
            rng.u32(1..40),
            rng.u32(1..100),
            rng.u32(1..6),
            10_f64.powf(rng.f64() * 5.0 - 4.0),
            several(&mut rng, [1, 2, 3, 5, 8, 12, 20], 3),
            rng.f64(),
            several(&mut rng, activations(), 3),
            rng.u32(1..=2),
        )
    }));
    assert_same_bits("signal", &runs);
}

fn trace(folder: &Path, args: &str) -> Trace {
    let path = folder.join("trace.safetensors");
    stdout(tanh_parity(&format!("{args} --trace {}", path.display())));
    Trace::read(&path).unwrap()
}

#[test]
fn one_hidden_layer_is_the_run_of_train() {
    let folder = TempDir::new().unwrap();
    for same_init in ["", "--same-init"] {
        let train = trace(folder.path(), &format!("train --epochs 10 {same_init}"));
        let args = format!("signal --depths 2,1 --epochs 10 {same_init}");
        let signal = trace(folder.path(), &args);
        assert!(train.tensors.len() > 500);
        for (key, tensor) in &train.tensors {
            let (series, rest) = key.as_str().split_once('/').unwrap();
            let same =
                if series == "data" { key.to_string() } else { format!("{series}-1/{rest}") };
            assert!(
                signal.tensors.get(same.as_str()) == Some(tensor),
                "{key} is another in signal"
            );
        }
    }
}

#[test]
fn the_summary_says_how_the_gradient_fades_and_what_holds() {
    let lines = stdout(tanh_parity("signal --epochs 1 --depths 1,16 --activations sigmoid,tanh"));
    let share = |start: &str| -> f64 {
        let line = lines.lines().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    };
    assert!(share("sigmoid        16") < 1e-9 * share("sigmoid         1"), "{lines}");
    assert!(share("tanh           16") < 0.1 * share("tanh            1"), "{lines}");
    assert!(share("tanh           16") > 1e6 * share("sigmoid        16"), "{lines}");
    assert!(lines.contains("sigmoid: saturated share, any above 0.01: 0.0000, does not hold"));
    assert!(!lines.contains("relu"), "{lines}");
}

#[test]
fn bad_flags_are_one_line_and_exit_status_2() {
    for (args, words) in [
        ("signal --depths 0", "a whole number from 1 to 100"),
        ("signal --depths 1,2,1", "--depths names 1 twice"),
        ("signal --saturation -1", "must be a number from 0 to 1"),
        ("signal --hidden 20000", "--hidden times --hidden"),
        ("check signal --depths 101", "a whole number from 1 to 100"),
    ] {
        let (code, stdout, stderr) = outcome(tanh_parity(args));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{args}: {stderr}");
        assert!(stderr.contains(words), "{args}: {stderr}");
    }
}
