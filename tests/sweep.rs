//! A sweep's rows are those of single runs, of ours and of Python's, and its
//! text says what they say.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assert_cmd::prelude::*;
use tanh_parity::python::Python;
use tempfile::TempDir;

/// Runs the binary in `folder`; returns what it printed.
fn run(folder: &TempDir, flags: &str) -> String {
    let mut command = Command::cargo_bin("tanh-parity").unwrap();
    let output = command.args(flags.split_whitespace()).current_dir(folder).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it where it is to fail; returns its only line on standard error.
fn refusal(folder: &TempDir, flags: &str) -> String {
    let mut command = Command::cargo_bin("tanh-parity").unwrap();
    let assert = command.args(flags.split_whitespace()).current_dir(folder).assert().code(2);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// The cells of a CSV without its header.
fn cells(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn rows_have_the_bits_of_train_and_of_pytorch_and_numpys_statistics() {
    let folder = TempDir::new().unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let seeds: Vec<_> = (0..6).map(|_| random.i64(-1_000_000..1_000_000).to_string()).collect();
    let seeds = seeds.join(",");
    let settings = "--samples 101 --features 7 --hidden 33 --epochs 12 --lr 0.02 \
                    --activations tanh,gelu,sigmoid,relu";
    let text = run(&folder, &format!("sweep --seeds={seeds} {settings} --jobs 3 --csv sweep.csv"));
    let csv = read(&folder, "sweep.csv");
    // The final loss and those of epochs 1, 2, 3, 5, 7, 10.
    let swept: Vec<_> = cells(&csv)
        .into_iter()
        .map(|mut row| {
            row.drain(3..7);
            row
        })
        .collect();
    assert_eq!(swept.len(), 6 * 4);

    let mut trained = Vec::new();
    for seed in swept.iter().step_by(4).map(|row| &row[0]) {
        let history = run(&folder, &format!("train --seed {seed} {settings} --history -"));
        for losses in cells(&history).chunks(12) {
            let mut row = vec![seed.clone(), losses[0][0].clone()];
            row.extend([12, 1, 2, 3, 5, 7, 10].map(|epoch| losses[epoch - 1][2].clone()));
            trained.push(row);
        }
    }
    assert_eq!(swept, trained, "a sweep's row is not that of train");

    let script = format!(
        r#"
import csv, sys
sys.path.insert(0, {root:?})
import numpy
from python_ref.cli import training_parser
from python_ref.train import train
final = {{}}
for seed in sorted(map(int, "{seeds}".split(","))):
    args = training_parser("").parse_args([f"--seed={{seed}}", *"{settings}".split()])
    for name, losses in train(args).items():
        print(seed, name, *(losses[epoch - 1] for epoch in (12, 1, 2, 3, 5, 7, 10)), sep=",")
        final.setdefault(name, []).append(losses[-1])
for name, losses in final.items():
    numbers = numpy.mean(losses), numpy.median(losses), numpy.std(losses, ddof=1)
    low, high = numpy.quantile(losses, [0.025, 0.975])
    print(name, *(f"{{x:.4f}}" for x in numbers), f"{{low:.4f}} to {{high:.4f}}")
"#,
        root = env!("CARGO_MANIFEST_DIR")
    );
    let path = folder.path().join("script.py");
    std::fs::write(&path, script).unwrap();
    let python = Python::find(None, Duration::from_secs(300));
    let printed = python.start_script(&path, 1).unwrap().finish().unwrap();
    let lines: Vec<_> = printed.lines().collect();
    let swept: Vec<_> = swept.iter().map(|row| row.join(",")).collect();
    assert_eq!(swept, lines[..24], "a sweep's row is not that of the Python twin");
    for line in &lines[24..] {
        // name mean median sd low to high; in the text with the mean's interval.
        let words: Vec<_> = line.split(' ').collect();
        let ours = text.lines().find(|ours| ours.starts_with(words[0])).unwrap();
        let ours: Vec<_> = ours.split_whitespace().collect();
        let without_interval: Vec<_> = [&ours[..2], &ours[5..]].concat();
        assert_eq!(without_interval, words, "other statistics than numpy's");
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_jobs() {
    let folder = TempDir::new().unwrap();
    let flags = "sweep --seeds 0..40 --samples 64 --epochs 5";
    for same_init in ["", "--same-init"] {
        for jobs in [1, 2, 7] {
            run(&folder, &format!("{flags} {same_init} --jobs {jobs} --csv {jobs}{same_init}.csv"));
        }
        let one = read(&folder, &format!("1{same_init}.csv"));
        assert_eq!(one.lines().count(), 1 + 40 * 3);
        for jobs in [2, 7] {
            assert_eq!(read(&folder, &format!("{jobs}{same_init}.csv")), one, "{jobs} jobs");
        }
    }
    assert_ne!(read(&folder, "1.csv"), read(&folder, "1--same-init.csv"));
}

#[test]
fn the_summary_of_a_csv_is_what_its_sweep_printed() {
    let folder = TempDir::new().unwrap();
    for lr in ["0.001", "0.01"] {
        let flags = format!("sweep --seeds 0..9 --samples 64 --lr {lr} --csv {lr}.csv");
        let printed = run(&folder, &flags);
        assert_eq!(run(&folder, &format!("sweep --summary {lr}.csv")), printed);
        assert_eq!(run(&folder, &flags), printed, "a finished sweep is only summarised");
        assert!(printed.contains("at these settings:"), "{printed}");
        let widest = printed.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest} columns:\n{printed}");
    }
    let both = run(&folder, "sweep --summary 0.001.csv 0.01.csv");
    let leaders: Vec<_> = both.lines().rev().take(3).collect();
    assert!(leaders[2].starts_with("lr "), "{both}");
    assert!(leaders[1].starts_with("0.001 ") && leaders[0].starts_with("0.01 "), "{both}");

    run(&folder, "sweep --seeds 0..9 --samples 65 --csv other.csv");
    let line = refusal(&folder, "sweep --summary 0.001.csv other.csv");
    assert!(line.contains("0.001.csv has samples 64, other.csv has 65"), "{line}");
    let line = refusal(&folder, "sweep --summary 0.001.csv --lr 0.1");
    assert!(line.contains("'--summary <FILE>...' cannot be used with"), "{line}");
    let line = refusal(&folder, "sweep --summary none.csv");
    assert!(line.contains("cannot read none.csv"), "{line}");
}

#[test]
fn the_plots_show_every_activation() {
    let folder = TempDir::new().unwrap();
    run(
        &folder,
        "sweep --seeds 0..9 --epochs 20 --samples 64 --plot spread.svg --curves curves.svg",
    );
    for (name, shapes) in [("spread.svg", "<rect"), ("curves.svg", "<polygon")] {
        let svg = read(&folder, name);
        for activation in ["sigmoid", "tanh", "relu"] {
            assert!(svg.contains(activation), "{name} has no {activation}");
        }
        assert!(svg.matches(shapes).count() >= 3, "{name} has no shapes");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_failure_of_libtorch_in_a_worker_is_told_in_one_line_and_ends_the_sweep() {
    let binary = assert_cmd::cargo::cargo_bin("tanh-parity");
    let sweep = "sweep --samples 1000000 --hidden 128 --jobs 2";
    let limited = format!("ulimit -v 2000000; exec {} {sweep}", Path::new(&binary).display());
    let assert = Command::new("sh").args(["-c", &limited]).assert().code(2);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("can't allocate memory"), "{stderr}");
}
