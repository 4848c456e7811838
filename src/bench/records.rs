//! What recording, comparing and checking cost as a run gets longer: two whole
//! processes beside each other.

use std::fs::copy;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use torch_parity::nn::Activation;

use super::case::{Case, LESSON, Measure, whole};
use super::process::wall_and_memory;
use super::{Measured, Spread};
use crate::python::Twins;
use parity::plot::{Line, Panel, Scale, look};
use parity::python::Folder;

/// Two commands that are measured in turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pair {
    /// `train`, and the same recorded.
    Traced,
    /// `train`, and the same recorded by digests.
    Digests,
    /// The Python twin, and the same recorded by digests.
    Twin,
    /// The Python twin, and `check`.
    Checked,
    /// `cmp` of two equal records, and `compare`.
    Compared,
    /// `train` of 10^8 parameters for three epochs, and the same recorded by digests.
    Wide,
    /// `cmp` of two equal records of 1,000 large tensors, and `compare`.
    WideCompared,
}

impl Pair {
    /// Its table in the CSV.
    pub fn table(self) -> &'static str {
        match self {
            Self::Traced => "traced",
            Self::Digests => "digests",
            Self::Twin => "twin recorded",
            Self::Checked => "checked",
            Self::Compared => "compared",
            Self::Wide => "10^8 parameters",
            Self::WideCompared => "compared, large tensors",
        }
    }

    /// What it measures, and what the sides are called.
    pub fn legend(self) -> (&'static str, [&'static str; 2]) {
        match self {
            Self::Traced => ("train, and train --trace", ["alone", "recorded"]),
            Self::Digests => ("train, and train --trace --digest", ["alone", "recorded"]),
            Self::Twin => ("the Python twin, and the same with --digest", ["alone", "recorded"]),
            Self::Checked => ("the Python twin, and check beside it", ["Python", "check"]),
            Self::Compared => ("cmp and compare of two equal records", ["cmp", "compare"]),
            Self::Wide => {
                ("train of 10^8 parameters, and the same with --digest", ["alone", "recorded"])
            }
            Self::WideCompared => ("cmp and compare, tensors of 4 MB", ["cmp", "compare"]),
        }
    }

    /// What is run: of so many epochs, or as many as make the size.
    fn cases(self, epochs: usize) -> Vec<Case> {
        let wide = |samples, hidden, epochs| {
            vec![Case { samples, hidden, epochs, activation: Some(Activation::Tanh), ..LESSON }]
        };
        match self {
            Self::Wide => wide(512, 10_000, 3),
            Self::WideCompared => wide(32, 1_000, 125),
            _ => [100, 10, 1].map(|n| Case { epochs: epochs / n, ..LESSON }).into(),
        }
    }

    fn compares(self) -> bool {
        matches!(self, Self::Compared | Self::WideCompared)
    }
}

/// Pairs and what every round found: wall time and memory by turns.
pub type Rows = Vec<(Pair, Vec<Measured>)>;

/// Of `epochs`, a tenth and a hundredth of them; of large tensors where asked for.
/// Nothing is compared where there is no `cmp`.
pub fn rows(epochs: usize, large: bool) -> Rows {
    let all = [
        (Pair::Traced, true),
        (Pair::Digests, true),
        (Pair::Twin, true),
        (Pair::Checked, true),
        (Pair::Compared, has_cmp()),
        (Pair::Wide, large),
        (Pair::WideCompared, large && has_cmp()),
    ];
    let of = |pair: Pair| {
        (pair, pair.cases(epochs).into_iter().flat_map(whole).map(Measured::new).collect())
    };
    all.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(pair, _)| of(pair)).collect()
}

/// The flags of a run of this case; one of one activation has as many
/// features as hidden units.
fn flags(case: &Case) -> Vec<String> {
    let mut flags = vec![format!("--epochs={}", case.epochs)];
    if let Some(activation) = case.activation {
        flags.push(format!("--activations={}", activation.name()));
        flags.push(format!("--samples={}", case.samples));
        flags.extend(["features", "hidden"].map(|name| format!("--{name}={}", case.hidden)));
    }
    flags
}

/// Whether this machine has a `cmp`.
fn has_cmp() -> bool {
    let mut cmp = Command::new("cmp");
    cmp.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    cmp.status().is_ok()
}

/// Where the records go; removed at the end.
pub struct Records<'a> {
    python: &'a Twins,
    ours: &'a Path,
    folder: Folder,
}

impl<'a> Records<'a> {
    /// Trains and records what is compared, and copies it.
    pub fn write(python: &'a Twins, ours: &'a Path, rows: &Rows) -> Result<Self> {
        let folder = Folder::new()?;
        let records = Self { python, ours, folder };
        for (_, rows) in rows.iter().filter(|(pair, _)| pair.compares()) {
            for of_a_size in rows.chunks(2) {
                let case = &of_a_size[0].case;
                let [a, b] = records.equal(case);
                let mut train = Command::new(ours);
                train.arg("train").args(flags(case)).arg("--trace").arg(&a);
                wall_and_memory(&mut train, python.timeout())?;
                copy(&a, &b).with_context(|| format!("cannot write {}", b.display()))?;
            }
        }
        Ok(records)
    }

    fn equal(&self, Case { hidden, epochs, .. }: &Case) -> [PathBuf; 2] {
        ["a", "b"]
            .map(|side| self.folder.path().join(format!("{side}-{hidden}-{epochs}.safetensors")))
    }

    /// A round.
    pub fn measure(&self, rows: &mut Rows, bar: &ProgressBar) -> Result<()> {
        for (pair, rows) in rows {
            for of_a_size in rows.chunks_mut(2) {
                let [base, other] = self.measure_pair(*pair, &of_a_size[0].case)?;
                for (row, (base, other)) in of_a_size.iter_mut().zip(base.into_iter().zip(other)) {
                    // cmp's memory says nothing, and ends before one can look.
                    if !(pair.compares() && row.case.measure == Measure::Memory) {
                        row.python.push(base);
                    }
                    row.rust.push(other);
                    bar.inc(1);
                }
            }
        }
        Ok(())
    }

    fn measure_pair(&self, pair: Pair, case: &Case) -> Result<[[f64; 2]; 2]> {
        let trace = self.folder.path().join("t.safetensors");
        let run = |command: &mut Command| wall_and_memory(command, self.python.timeout());
        let flags = flags(case);
        let train = || {
            let mut command = Command::new(self.ours);
            command.arg("train").args(&flags);
            command
        };
        let twin = || {
            let (mut command, folder) = self.python.twin("train")?;
            command.args(&flags);
            anyhow::Ok((command, folder))
        };
        match pair {
            Pair::Traced => Ok([run(&mut train())?, run(train().arg("--trace").arg(trace))?]),
            Pair::Digests | Pair::Wide => {
                let mut recorded = train();
                recorded.arg("--digest").arg("--trace").arg(trace);
                Ok([run(&mut train())?, run(&mut recorded)?])
            }
            Pair::Twin => {
                let ((mut alone, _one), (mut recorded, _other)) = (twin()?, twin()?);
                recorded.arg("--digest").arg("--trace").arg(trace);
                Ok([run(&mut alone)?, run(&mut recorded)?])
            }
            Pair::Checked => {
                let (mut alone, _folder) = twin()?;
                let mut check = Command::new(self.ours);
                check.arg("check").args(&flags).arg("--python").arg(self.python.interpreter());
                Ok([run(&mut alone)?, run(&mut check)?])
            }
            Pair::Compared | Pair::WideCompared => {
                let paths = self.equal(case);
                let cmp = run(Command::new("cmp").args(&paths))?;
                Ok([cmp, run(Command::new(self.ours).arg("compare").args(&paths))?])
            }
        }
    }
}

/// Panels of time and memory by epochs.
pub fn panels(rows: &Rows) -> Vec<Panel> {
    type Rounds = fn(&Measured) -> &[f64];
    // Looks that the panels of training leave.
    let lines: [(&str, usize, Pair, Rounds); 8] = [
        ("train", 0, Pair::Traced, |row| &row.python),
        ("train --trace", 2, Pair::Traced, |row| &row.rust),
        ("train --trace --digest", 3, Pair::Digests, |row| &row.rust),
        ("the Python twin", 5, Pair::Checked, |row| &row.python),
        ("the Python twin --digest", 6, Pair::Twin, |row| &row.rust),
        ("check", 7, Pair::Checked, |row| &row.rust),
        ("cmp", 9, Pair::Compared, |row| &row.python),
        ("compare", 10, Pair::Compared, |row| &row.rust),
    ];
    let panel = |measure: Measure| Panel {
        title: "Recording, checking, comparing".to_owned(),
        x: "epochs".to_owned(),
        y: measure.to_string(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        lines: lines
            .iter()
            .map(|(label, i, of, rounds)| {
                let rows = rows.iter().filter(|(pair, _)| pair == of).flat_map(|(_, rows)| rows);
                let rows = rows.filter(|row| row.case.measure == measure);
                let point = |row: &Measured| {
                    Some((row.case.epochs as f64, Spread::of(rounds(row))?.median))
                };
                Line {
                    label: (*label).to_owned(),
                    look: look(*i),
                    dashed: false,
                    points: rows.filter_map(point).collect(),
                }
            })
            .collect(),
        ..Panel::default()
    };
    [Measure::Wall, Measure::Memory].map(panel).into()
}
