//! A sweep's rows are those of single runs, of ours and of Python's.

use std::process::Command;

use super::{Folder, one_line};
use crate::common::stdout;
use crate::forked::python;

/// The cells of a CSV without its header.
fn cells(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn rows_have_the_bits_of_train_and_of_pytorch_and_numpys_statistics() {
    let folder = Folder::new();
    let mut random = fastrand::Rng::with_seed(5);
    let seeds: Vec<_> = (0..6).map(|_| random.i64(-1_000_000..1_000_000).to_string()).collect();
    let seeds = seeds.join(",");
    let settings = "--samples 101 --features 7 --hidden 33 --epochs 12 --lr 0.02 \
                    --activations tanh,gelu,sigmoid,relu";
    let text = folder.run(&format!("sweep --seeds={seeds} {settings} --jobs 3 --csv sweep.csv"));
    let csv = folder.read("sweep.csv");
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
        let history = folder.run(&format!("train --seed {seed} {settings} --history -"));
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
    let mut command = python();
    command.args(["-c", &script]);
    let printed = stdout(command);
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
    let folder = Folder::new();
    let flags = "sweep --seeds 0..40 --samples 64 --epochs 5";
    for same_init in ["", "--same-init"] {
        for jobs in [1, 2, 7] {
            folder.run(&format!("{flags} {same_init} --jobs {jobs} --csv {jobs}{same_init}.csv"));
        }
        let one = folder.read(&format!("1{same_init}.csv"));
        assert_eq!(one.lines().count(), 1 + 40 * 3);
        for jobs in [2, 7] {
            assert_eq!(folder.read(&format!("{jobs}{same_init}.csv")), one, "{jobs} jobs");
        }
    }
    assert_ne!(folder.read("1.csv"), folder.read("1--same-init.csv"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_failure_of_libtorch_in_a_worker_is_told_in_one_line_and_ends_the_sweep() {
    let binary = assert_cmd::cargo::cargo_bin!("tanh-parity");
    let sweep = "sweep --samples 1000000 --hidden 128 --jobs 2";
    let limited = format!("ulimit -v 2000000; exec '{}' {sweep}", binary.display());
    let line = one_line(Command::new("sh").args(["-c", &limited]));
    assert!(line.contains("can't allocate memory"), "{line}");
}
