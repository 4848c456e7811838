//! `bench` measures what it says and writes it well-formed. No test asserts a
//! time.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::command_line::columns_that_help_lacks;
use crate::common::outcome;
use crate::forked::{tanh_parity, tanh_parity_in};
use tempfile::TempDir;

/// The command of docs/speed.md.
pub const ROUND: &str =
    "tanh-parity bench --rounds 1 --records 100 --csv bench.csv --plot bench.svg";

/// What it says and how it ends, its CSV and its plot; run once, since it takes longer
/// than most.
pub fn round() -> &'static ((i32, String, String), [String; 2]) {
    static SAID: OnceLock<((i32, String, String), [String; 2])> = OnceLock::new();
    SAID.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let (_, args) = ROUND.split_once(' ').unwrap();
        let said = outcome(tanh_parity_in(&folder, args));
        let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        (said, ["bench.csv", "bench.svg"].map(read))
    })
}

#[test]
fn a_round_fills_the_report_the_csv_and_the_plot() {
    let ((code, report, errors), [csv, svg]) = round();
    assert_eq!((*code, errors.as_str()), (0, ""), "{report}");
    for line in report.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }

    assert!(report.contains("one round may be an outlier (no median, no range)"), "{report}");

    let missing = columns_that_help_lacks("bench", csv.lines().next().unwrap());
    assert!(missing.is_empty(), "bench --help does not tell {missing:?}");

    for table in [
        "train, and train --trace; ratio: recorded / alone",
        "the Python twin, and check beside it; ratio: check / Python",
        "cmp and compare of two equal records; ratio: compare / cmp",
    ] {
        assert!(report.contains(&format!("\n{table}\n")), "no {table} in\n{report}");
    }

    // A table's rows, each with Python's, ours and the ratio.
    let mut counts = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    for record in &records {
        *counts.entry((record[0].to_owned(), record[9].to_owned())).or_insert(0) += 1;
        let [median, low, high] = [10, 11, 12].map(|i| record[i].parse::<f64>().unwrap());
        assert!(low > 0.0 && low <= median && median <= high, "{record:?}");
    }
    for (table, rows) in [
        ("steps", 6),
        ("samples", 5),
        ("hidden units", 5),
        ("epochs", 3),
        ("processes", 4),
        ("sweeps", 2),
        ("recorded", 2),
        ("recorded loss", 2),
        ("recorded before", 2),
        ("traced", 6),
        ("digests", 6),
        ("twin recorded", 6),
        ("checked", 6),
        ("compared", 6),
    ] {
        for of in ["python", "rust", "ratio"] {
            // Not the memory of cmp.
            let rows = if table == "compared" && of != "rust" { rows / 2 } else { rows };
            assert_eq!(counts[&(table.to_owned(), of.to_owned())], rows, "{table} {of}");
        }
    }

    for text in ["samples", "hidden units", "epochs", "Python", "train --trace --digest", "cmp"] {
        assert!(svg.contains(text), "the plot does not say {text}");
    }
}

#[test]
fn a_python_that_is_not_there_or_does_not_answer_is_one_line() {
    for (python, said) in [("/nowhere/python", "no Python at"), ("/bin/false", "failed")] {
        let (code, report, errors) = outcome(tanh_parity(&format!("bench --python {python}")));
        assert_eq!((code, report.as_str()), (2, ""), "{errors}");
        assert!(errors.contains(said) && errors.lines().count() == 1, "{errors}");
    }
}
