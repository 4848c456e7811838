//! A benchmark as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::thread::available_parallelism;

use anyhow::Result;
use parity::text::table;
use serde::Serialize;
use torch_parity::nn::Activation;
use torch_parity::{TCH_VERSION, TORCH_VERSION};

use crate::bench::case::SEEDS;
use crate::bench::row::{BenchRow, bench_rows};
use crate::bench::{Bench, Measured, PythonSide, Spread};
use parity::json::to_json;

impl Bench {
    /// Every number, for programs.
    pub fn json(&self) -> Result<String> {
        #[derive(Serialize)]
        struct BenchResults<'b> {
            rounds: usize,
            environment: BTreeMap<&'static str, String>,
            rows: Vec<BenchRow<'b>>,
        }
        let PythonSide { python, torch, cpu_capability } = &self.python;
        let environment = BTreeMap::from([
            ("cpu", cpu()),
            ("cpu_capability", cpu_capability.clone()),
            ("tch", TCH_VERSION.to_owned()),
            ("libtorch", TORCH_VERSION.to_owned()),
            ("python", python.clone()),
            ("torch", torch.clone()),
        ]);
        let rows = bench_rows(self.rows()).collect();
        to_json("bench", &BenchResults { rounds: self.rounds(), environment, rows })
    }

    fn rounds(&self) -> usize {
        self.steps[0].python.len()
    }
}

impl Display for Bench {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let rounds = self.rounds();
        writeln!(f, "CPU     {}, kernels for {}", cpu(), self.python.cpu_capability)?;
        writeln!(f, "Rust    tch {TCH_VERSION}, libtorch {TORCH_VERSION}")?;
        writeln!(f, "Python  {}, PyTorch {}", self.python.python, self.python.torch)?;
        let medians = match rounds {
            1 => "one round may be an outlier (no median, no range)".to_owned(),
            _ => format!("medians of {rounds} rounds, both sides in turn"),
        };
        writeln!(f, "{medians}; ratio: ours / Python's\n")?;

        writeln!(f, "µs a training step, {LESSON}")?;
        let rows = self.steps.iter().map(|row| {
            let name = row.case.activation.map(Activation::name).unwrap_or_default();
            with_numbers([name.to_owned(), row.case.threads.to_string()], row)
        });
        let header = ["", "threads", "Python", "plain loop", "fast loop", "ratio", "range"];
        writeln!(f, "{}", table(&header, rows))?;

        writeln!(f, "a whole process: train sigmoid, tanh and relu")?;
        let rows = self.processes.iter().map(|row| {
            two_sides([row.case.measure.to_string(), row.case.threads.to_string()], row)
        });
        let header = ["", "threads", "Python", "Rust", "ratio", "range"];
        writeln!(f, "{}", table(&header, rows))?;

        writeln!(f, "a sweep of {SEEDS} seeds, 1 thread each; Python one after the other")?;
        let rows = self
            .sweeps
            .iter()
            .map(|row| two_sides([row.case.measure.to_string(), row.case.jobs.to_string()], row));
        let header = ["", "jobs", "Python", "Rust", "ratio", "range"];
        writeln!(f, "{}", table(&header, rows))?;

        writeln!(f, "µs a step of Python, alone and recorded; ratio: recorded / alone")?;
        let rows = self.recorded.iter().map(|(what, row)| {
            two_sides([what.flags.to_owned(), row.case.layers.to_string()], row)
        });
        let header = ["", "layers", "alone", "recorded", "ratio", "range"];
        writeln!(f, "{}", table(&header, rows))?;

        for (pair, rows) in &self.records {
            let (what, [base, other]) = pair.legend();
            writeln!(f, "{what}; ratio: {other} / {base}")?;
            let rows = rows.iter().map(|row| {
                two_sides([row.case.measure.to_string(), row.case.epochs.to_string()], row)
            });
            let header = ["", "epochs", base, other, "ratio", "range"];
            writeln!(f, "{}", table(&header, rows))?;
        }

        writeln!(f, "tanh on 1 thread as one size grows: µs a step; of epochs, ms for all")?;
        let rows = self.growing.iter().flat_map(|(name, rows)| {
            rows.iter()
                .map(|row| with_numbers([(*name).to_owned(), row.case.size(name).to_string()], row))
        });
        let header = ["", "size", "Python", "plain loop", "fast loop", "ratio", "range"];
        write!(f, "{}", table(&header, rows))
    }
}

/// The size of the lesson's run, in words.
const LESSON: &str = "512 samples, 64 hidden units, 50 epochs";

/// The cells of a row after those that say what it is.
fn with_numbers([a, b]: [String; 2], row: &Measured) -> [String; 7] {
    let median = |rounds| Spread::of(rounds).map_or(String::new(), |s| short(s.median));
    let ratio = row.ratio();
    [
        a,
        b,
        median(&row.python),
        median(&row.plain),
        median(&row.rust),
        ratio.map_or(String::new(), |r| format!("{:.2}", r.median)),
        ratio.map_or(String::new(), |r| format!("{:.2} to {:.2}", r.low, r.high)),
    ]
}

/// The same where there is no plain loop beside the two sides.
fn two_sides(what: [String; 2], row: &Measured) -> [String; 6] {
    let [a, b, python, _, rust, ratio, range] = with_numbers(what, row);
    [a, b, python, rust, ratio, range]
}

/// Three digits.
fn short(x: f64) -> String {
    let digits = if x < 10.0 { 2 } else { usize::from(x < 100.0) };
    format!("{x:.digits$}")
}

/// Its name, where the system tells, and how many cores we may use.
fn cpu() -> String {
    let cores = available_parallelism().map_or("unknown".to_owned(), |n| n.to_string());
    format!("{}, cores: {cores}", torch_parity::cpu::name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::case;

    #[test]
    fn every_number_is_told_to_programs() {
        let measured = |case| {
            let mut row = Measured::new(case);
            (row.python, row.rust) = (vec![3.0, 1.0], vec![0.75, 1.0]);
            row
        };
        let words = || "3".to_owned();
        let bench = Bench {
            python: PythonSide { python: words(), torch: words(), cpu_capability: words() },
            steps: case::steps().into_iter().map(measured).collect(),
            records: vec![],
            growing: vec![("samples", case::steps()[..3].iter().copied().map(measured).collect())],
            processes: vec![],
            sweeps: vec![],
            recorded: vec![],
        };
        let found: serde_json::Value = serde_json::from_str(&bench.json().unwrap()).unwrap();
        assert_eq!((&found["rounds"], &found["environment"]["torch"]), (&2.into(), &"3".into()));
        let rows = found["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 9 * 3, "Python, ours and the ratio");
        let numbers = |row: &serde_json::Value| {
            [&row["median"], &row["low"], &row["high"]].map(|x| x.as_f64().unwrap())
        };
        assert_eq!(numbers(&rows[0]), [2.0, 1.0, 3.0]);
        assert_eq!(numbers(&rows[2]), [0.625, 0.25, 1.0]);
        assert_eq!((&rows[2]["of"], &rows[26]["table"]), (&"ratio".into(), &"samples".into()));
        let page = include_str!("../../docs/report-formats.md");
        for name in rows[0].as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{name}`")), "the page does not name {name}");
        }
    }
}
