//! How fast, and with how much memory: this program and the live Python twin.
//!
//! A round measures everything once, on both sides one right after the other,
//! so that whatever else the machine does meets both; a ratio is of one round.

mod case;
mod plot;
mod process;
mod records;
mod report;
mod row;
mod step;
mod sweep;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde::Deserialize;

pub use self::case::Case;
pub use self::plot::cost;
use self::process::wall_and_memory;
use self::records::{Records, Rows};
pub use self::row::{Measured, Spread, csv};
use self::step::{Loop, Recorded};
use crate::python::{Conversation, Twins};

/// What came of a benchmark.
#[derive(Debug)]
pub struct Bench {
    /// What it ran on.
    python: PythonSide,
    /// Steps at the lesson's sizes, by activation and threads.
    steps: Vec<Measured>,
    /// Steps while one size grows, whose name is given.
    growing: Vec<(&'static str, Vec<Measured>)>,
    /// Whole processes.
    processes: Vec<Measured>,
    /// Many seeds, within a process.
    sweeps: Vec<Measured>,
    /// Python's steps, alone and recorded, by what is.
    recorded: Vec<(&'static Recorded, Measured)>,
    /// Whole processes that record, check and compare; empty unless asked for.
    records: Rows,
}

/// What Python says it runs on.
#[derive(Debug, Deserialize)]
struct PythonSide {
    python: String,
    torch: String,
    cpu_capability: String,
}

impl Bench {
    /// Measures everything `rounds` times, and records of up to so many epochs where
    /// that is asked for, of `large` tensors too; `ours` is this program's file.
    pub fn run(
        python: &Twins,
        ours: &Path,
        rounds: usize,
        records: Option<usize>,
        large: bool,
        bar: &ProgressBar,
    ) -> Result<Self> {
        let mut twin = Conversation::start(python, "bench")?;
        let about = twin.answer()?;
        let about = serde_json::from_str(&about).with_context(|| format!("Python says {about}"))?;
        let rows = |cases: Vec<Case>| cases.into_iter().map(Measured::new).collect::<Vec<_>>();
        let mut bench = Self {
            python: about,
            steps: rows(case::steps()),
            growing: case::growing().map(|(name, cases)| (name, rows(cases))).into(),
            processes: rows(case::processes().concat()),
            sweeps: rows(case::sweeps()),
            recorded: step::RECORDED
                .iter()
                .flat_map(|what| case::recorded().map(|case| (what, Measured::new(case))))
                .collect(),
            records: records.map_or(vec![], |epochs| records::rows(epochs, large)),
        };
        let records = Records::write(python, ours, &bench.records)?;
        bar.set_length((rounds * bench.rows().count()) as u64);
        for _ in 0..rounds {
            bench.measure_steps(&mut twin, bar)?;
            bench.measure_processes(python, ours, bar)?;
            bench.measure_sweeps(&mut twin, bar)?;
            bench.measure_recorded(&mut twin, bar)?;
            records.measure(&mut bench.records, bar)?;
        }
        Ok(bench)
    }

    fn measure_steps(&mut self, twin: &mut Conversation, bar: &ProgressBar) -> Result<()> {
        let growing = self.growing.iter_mut().flat_map(|(_, rows)| rows);
        for row in self.steps.iter_mut().chain(growing) {
            row.python.push(step::python(twin, &row.case)?);
            row.plain.push(step::rust(Loop::Plain, &row.case)?);
            row.rust.push(step::rust(Loop::Fast, &row.case)?);
            bar.inc(1);
        }
        Ok(())
    }

    fn measure_processes(&mut self, python: &Twins, ours: &Path, bar: &ProgressBar) -> Result<()> {
        for rows in self.processes.chunks_mut(2) {
            let threads = format!("--threads={}", rows[0].case.threads);
            let (mut theirs, _folder) = python.twin("train")?;
            theirs.arg(&threads);
            let theirs = wall_and_memory(&mut theirs, python.timeout())?;
            let ours =
                wall_and_memory(Command::new(ours).args(["train", &threads]), python.timeout())?;
            for (row, (theirs, ours)) in rows.iter_mut().zip(theirs.into_iter().zip(ours)) {
                row.python.push(theirs);
                row.rust.push(ours);
                bar.inc(1);
            }
        }
        Ok(())
    }

    fn measure_sweeps(&mut self, twin: &mut Conversation, bar: &ProgressBar) -> Result<()> {
        for row in &mut self.sweeps {
            row.python.push(sweep::python(twin)?);
            row.rust.push(sweep::rust(row.case.jobs)?);
            bar.inc(1);
        }
        Ok(())
    }

    fn measure_recorded(&mut self, twin: &mut Conversation, bar: &ProgressBar) -> Result<()> {
        for (what, row) in &mut self.recorded {
            row.python.push(step::python(twin, &row.case)?);
            row.rust.push(step::python_recorded(twin, &row.case, what)?);
            bar.inc(1);
        }
        Ok(())
    }

    /// Everything measured, and in which table it belongs.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Measured)> {
        let steps = self.steps.iter().map(|row| ("steps", row));
        let growing =
            self.growing.iter().flat_map(|(name, rows)| rows.iter().map(|row| (*name, row)));
        let processes = self.processes.iter().map(|row| ("processes", row));
        let sweeps = self.sweeps.iter().map(|row| ("sweeps", row));
        let recorded = self.recorded.iter().map(|(what, row)| (what.table, row));
        let records =
            self.records.iter().flat_map(|(pair, rows)| rows.iter().map(|row| (pair.table(), row)));
        steps.chain(growing).chain(processes).chain(sweeps).chain(recorded).chain(records)
    }
}
