//! Same settings, same bytes: of every output, on both sides.

use std::fs;
use std::path::Path;

use crate::common::stdout;
use crate::forked::{python, tanh_parity, tanh_parity_in};
use tempfile::TempDir;

const SETTINGS: &str = "--epochs 5 --activations gelu,tanh";

fn outputs(folder: &Path, names: &[&str]) -> Vec<(String, Vec<u8>)> {
    names.iter().map(|name| (name.to_string(), fs::read(folder.join(name)).unwrap())).collect()
}

fn rust_run(settings: &str) -> (String, Vec<(String, Vec<u8>)>) {
    let folder = TempDir::new().unwrap();
    let lines = stdout(tanh_parity_in(
        &folder,
        &format!("train {settings} --csv c.csv --history h.csv --plot p.svg --trace t.safetensors"),
    ));
    (lines, outputs(folder.path(), &["c.csv", "h.csv", "p.svg", "t.safetensors"]))
}

#[test]
fn two_runs_write_the_same_bytes_to_every_output() {
    assert_eq!(rust_run(SETTINGS), rust_run(SETTINGS));
}

/// Four at a time, so that two cores have more to do than they can. Where no thread
/// calls MKL first, alone, about two in a hundred are others.
#[test]
fn a_hundred_runs_on_two_threads_under_load_are_one() {
    let flags = "recurrent --steps 1 --samples 257 --hidden 33 --epochs 1 --cells rnn \
                 --activations tanh --threads 2 --trace -";
    let record = || tanh_parity(flags).assert().success().get_output().stdout.clone();
    let all = std::thread::scope(|scope| {
        let runs = || (0..25).map(|_| record()).collect::<Vec<_>>();
        let started = [(); 4].map(|()| scope.spawn(runs));
        started.map(|runs| runs.join().unwrap()).concat()
    });
    assert!(all.len() == 100 && all[0].len() > 10_000, "a record of {} bytes", all[0].len());
    assert_eq!(all.iter().position(|run| *run != all[0]), None);
}

#[test]
fn recording_changes_nothing() {
    assert_eq!(stdout(tanh_parity(&format!("train {SETTINGS}"))), rust_run(SETTINGS).0);
}

#[test]
fn other_settings_write_other_bytes() {
    let (lines, files) = rust_run(SETTINGS);
    let (other_lines, other_files) = rust_run(&format!("{SETTINGS} --same-init"));
    assert_ne!(lines, other_lines);
    for (ours, other) in files.iter().zip(&other_files) {
        assert_ne!(ours, other);
    }
}

#[test]
fn the_twin_prints_the_same_lines_and_writes_the_same_csv_bytes() {
    // nan and inf, and losses small enough for an exponent, are spelt alike.
    for settings in [SETTINGS, "--epochs 4 --lr 1e20", "--samples 3 --epochs 400 --lr 0.05"] {
        let (lines, files) = rust_run(settings);
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut twin = python();
        twin.args(["-m", "python_ref.train"]).args(settings.split(' '));
        twin.args(["--csv", &at("c.csv"), "--history", &at("h.csv")]);
        assert_eq!(stdout(twin), lines, "{settings}");
        assert_eq!(outputs(folder.path(), &["c.csv", "h.csv"]), files[..2], "{settings}");
    }
}

#[test]
fn numbers_are_spelt_as_python_spells_them() {
    let named = "0 -0 1 -1.5 0.1 1e-4 9.999e-5 1e-5 1e-7 1.25e-7 5e-324 1e15 1e16 1e17 1e22 1e100 \
                 123456789012345680 580486599290748.25 1.7976931348623157e308 inf -inf nan";
    let named = named.split_whitespace().map(|text| text.parse().unwrap());
    let mut rng = fastrand::Rng::with_seed(0);
    let mut random = || match rng.u8(..3) {
        0 => f64::from_bits(rng.u64(..)),
        1 => f64::from(f32::from_bits(rng.u32(..))),
        _ => 10_f64.powf(rng.f64() * 30.0 - 10.0),
    };
    let numbers: Vec<f64> = named.chain(std::iter::repeat_with(&mut random).take(30_000)).collect();
    let bits: Vec<_> = numbers.iter().map(|x| x.to_bits().to_string()).collect();
    let program = "
import struct, sys
for line in sys.stdin:
    print(struct.unpack('d', struct.pack('Q', int(line)))[0])
";
    let mut command = python();
    command.args(["-c", program]).write_stdin(bits.join("\n"));
    let theirs = stdout(command);
    assert_eq!(theirs.lines().count(), numbers.len());
    for (x, theirs) in numbers.iter().zip(theirs.lines()) {
        assert_eq!(parity::text::repr(*x), theirs);
    }
}
