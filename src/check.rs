//! The parity check: our run and Python's, side by side, and what came of it.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use torch_parity::TORCH_VERSION;
use torch_parity::compare::{self, Report, Tally, Tolerance, Value, Verdict};
use torch_parity::text::{repr, table};
use torch_parity::trace::{About, Both, Trace};

use crate::lesson::Experiment;
use crate::lesson::train::{Train, train};
use crate::progress::{Progress, spin};
use crate::python::{Python, Running};
use crate::resync::Resync;

/// The check of one experiment: its twin is running.
#[derive(Debug)]
pub struct Check<E> {
    experiment: E,
    twin: Running,
}

/// What the check of one experiment came to.
#[derive(Debug)]
pub struct Checked {
    /// The experiment's name.
    pub name: &'static str,
    /// What ran it.
    pub environment: String,
    /// What the twin noted of what only Python has.
    notes: String,
    /// The losses of its series; empty where it trains nothing.
    series: String,
    /// Everything that was compared.
    pub report: Report,
}

impl Checked {
    /// All of it as text, and the verdict.
    pub fn report(self) -> (String, Verdict) {
        let Self { environment, notes, series, report, .. } = self;
        (format!("{environment}{notes}\n{series}{report}"), report.verdict())
    }
}

impl<E: Experiment> Check<E> {
    /// Starts the twin, which runs while ours does: importing torch takes
    /// longer than most of our runs.
    pub fn start(experiment: E, python: &Python) -> Result<Self> {
        let mut flags = experiment.twin_flags();
        flags.push("--trace=python.safetensors".to_owned());
        Ok(Self { experiment, twin: python.start_twin(E::NAME, &flags)? })
    }

    /// Runs our side, waits for the twin, and compares.
    pub fn finish(mut self, tolerance: Option<Tolerance>) -> Result<Checked> {
        let (mut rust, mut progress) = self.watch();
        self.experiment.run(&mut Both(&mut rust, &mut progress))?;
        drop(progress);
        let python = self.python_trace()?;
        let report = compare::compare(["Rust", "Python"], &rust, &python, tolerance);
        Ok(self.checked(&rust, &python, report))
    }

    /// The same where after each step both sides go on from Python's values, so
    /// that each step's own error shows, apart from what it inherited. The twin
    /// runs first.
    pub fn finish_resynced(mut self, tolerance: Option<Tolerance>) -> Result<Checked> {
        let python = self.python_trace()?;
        let (mut rust, mut progress) = self.watch();
        let mut after = Both(&mut progress, &mut Resync(&python));
        self.experiment.run(&mut Both(&mut rust, &mut after))?;
        drop(progress);
        let report = compare::compare(["Rust", "Python"], &rust, &python, tolerance).resynced();
        Ok(self.checked(&rust, &python, report))
    }

    fn watch(&self) -> (Trace, Progress) {
        (self.experiment.trace(), Progress::new(self.experiment.steps()))
    }

    /// Waits for the twin; returns all that happened in it.
    pub fn python_trace(&mut self) -> Result<Trace> {
        spin("waiting for the Python twin", || self.twin.finish())?;
        let python = Trace::read(&self.twin.file("python.safetensors"))
            .context("the Python twin left no trace: is --python a Python?")?;
        same_release(&python.about)?;
        Ok(python)
    }

    fn checked(&self, rust: &Trace, python: &Trace, report: Report) -> Checked {
        Checked {
            name: E::NAME,
            environment: environment(&rust.about, &python.about),
            notes: self.twin.notes(),
            series: series_table(&report, rust, python),
            report,
        }
    }
}

/// One report and one verdict of several checks.
pub fn summary(all: &[Checked], tolerance: Option<Tolerance>) -> (String, Verdict) {
    let mut rows: Vec<_> =
        all.iter().map(|checked| (checked.name.to_owned(), checked.report.total())).collect();
    let mut total = Tally::default();
    for (_, tally) in &rows {
        total.add(tally);
    }
    rows.push(("all".to_owned(), total.clone()));

    let verdicts = || all.iter().map(|checked| checked.report.verdict());
    let diverged = verdicts().find(|&verdict| verdict == Verdict::Diverged);
    let verdict = diverged.or(verdicts().next()).unwrap_or(Verdict::Exact);
    let mut text = format!(
        "{}\n{}\nverdict: {}\n",
        all.first().map_or("", |checked| &checked.environment),
        compare::tally_table("experiment", &rows, tolerance),
        compare::verdict_line(verdict, &total, tolerance),
    );
    for Checked { name, report, .. } in all {
        if report.verdict() == Verdict::Diverged {
            text = text + "\n" + name + ":\n" + &report.divergence();
        }
    }
    (text, verdict)
}

/// Other releases of libtorch have other kernels: nothing to compare.
fn same_release(python: &About) -> Result<()> {
    let theirs = python.environment.get("torch").map_or("unknown", String::as_str);
    let release = |version: &str| version.split('+').next().map(str::to_owned);
    ensure!(
        release(theirs) == release(TORCH_VERSION),
        "Python has PyTorch {theirs}, we have libtorch {TORCH_VERSION}: run `make setup`, or name another with --python"
    );
    Ok(())
}

/// What the verdict holds for.
fn environment(rust: &About, python: &About) -> String {
    let of = |about: &About, name| {
        about.environment.get(name).map_or("unknown", String::as_str).to_owned()
    };
    let threads = |about: &About| match of(about, "threads").as_str() {
        "1" => "1 thread".to_owned(),
        n => format!("{n} threads"),
    };
    // tch cannot ask for the CPU capability: both sides select kernels by the
    // same code, on the same machine and environment.
    format!(
        "Rust    {}, libtorch {}, {}\nPython  PyTorch {}, {}, CPU capability {}\n",
        of(rust, "by"),
        of(rust, "torch"),
        threads(rust),
        of(python, "torch"),
        threads(python),
        of(python, "cpu_capability"),
    )
}

/// A row for each series: the losses of its last step, and in how many steps
/// everything was equal. Empty where no series has steps.
fn series_table(report: &Report, rust: &Trace, python: &Trace) -> String {
    let row = |name: &String| {
        let (equal, all) = report.steps_equal(name);
        let last = [rust, python].map(|trace| {
            let array = trace.get(name, all, "loss", "loss")?;
            Some(Value::new(array.dtype(), array.bytes()))
        });
        let [ours, theirs] =
            last.map(|value| value.and_then(Value::number).map_or(String::new(), repr));
        let ulps = match last {
            [Some(x), Some(y)] => ulps_text(x, y),
            _ => String::new(),
        };
        [name.clone(), ours, theirs, ulps, format!("{equal}/{all}")]
    };
    let trains = |name: &&String| report.steps_equal(name).1 > 0;
    let rows: Vec<_> = rust.about.series.iter().filter(trains).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["series", "Rust final loss", "Python final loss", "ULPs", "epochs equal"];
    table(&header, rows) + "\n"
}

fn ulps_text(x: Value, y: Value) -> String {
    match x.ulps(y) {
        _ if x == y => "0".to_owned(),
        Some(ulps) => ulps.to_string(),
        None => "nan".to_owned(),
    }
}

/// Runs the user's own script and holds our final losses to the
/// `name: number` lines that it prints: equal text, unless a tolerance is given.
pub fn against_script(
    settings: &Train,
    tolerance: Option<Tolerance>,
    python: &Python,
    script: &Path,
) -> Result<(String, Verdict)> {
    let mut running = python.start_script(script, settings.run.threads)?;
    let ours = train(settings, &mut ())?;
    let printed = spin("waiting for the script", || running.finish())?;
    let theirs = named_numbers(&printed);
    let script = script.display();
    ensure!(!theirs.is_empty(), "{script} prints no line of the form `name: number`");

    let mut rows = Vec::new();
    let mut all_pass = true;
    for (activation, losses) in &ours {
        let (name, loss) = (activation.name().to_owned(), losses[losses.len() - 1]);
        let Some((_, text)) = theirs.iter().rfind(|(theirs, _)| *theirs == name) else {
            bail!(
                "{script} prints no line `{name}: number`: choose what it trains with --activations"
            );
        };
        let number: f64 = text.parse().expect("named_numbers returns numbers only");
        let pass = match tolerance {
            None => *text == repr(loss),
            Some(tolerance) => tolerance.allows(loss, number),
        };
        all_pass &= pass;
        let [x, y] = [loss, number].map(|x| Value::float32(x as f32));
        rows.push([
            name,
            repr(loss),
            text.clone(),
            ulps_text(x, y),
            if pass { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let verdict = match (all_pass, tolerance) {
        (false, _) => Verdict::Diverged,
        (true, None) => Verdict::Exact,
        (true, Some(_)) => Verdict::WithinTolerance,
    };
    let rows =
        table(&["activation", "Rust final loss", "script's final loss", "ULPs", "equal"], rows);
    let words = match verdict {
        Verdict::Exact => "exact: every final loss is the same number".to_owned(),
        Verdict::WithinTolerance => "within tolerance: every final loss is close".to_owned(),
        Verdict::Diverged => format!(
            "diverged: not every final loss is the same number\n\
             (does {script} have these settings, and print loss.item() unrounded?)"
        ),
    };
    Ok((format!("{rows}\nverdict: {words}\n"), verdict))
}

/// The lines `name: number`, the name as we spell activations.
fn named_numbers(printed: &str) -> Vec<(String, String)> {
    let lines = printed.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, number)| {
            let name = name.trim().to_lowercase().replace(['_', ' '], "-");
            (name, number.trim().to_owned())
        })
        .filter(|(_, number)| number.parse::<f64>().is_ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python_with(torch: &str) -> About {
        let environment = [("torch".to_owned(), torch.to_owned())].into();
        About { environment, ..About::default() }
    }

    #[test]
    fn another_release_of_pytorch_is_trouble_and_another_build_of_ours_is_not() {
        let release = TORCH_VERSION.split('+').next().unwrap();
        assert!(same_release(&python_with(&format!("{release}+other"))).is_ok());
        let error = same_release(&python_with("2.12.1+cpu")).unwrap_err().to_string();
        assert!(error.starts_with("Python has PyTorch 2.12.1+cpu, we have libtorch"), "{error}");
    }

    #[test]
    fn lines_of_a_script_are_read_by_name() {
        let printed = "epoch 3\n Leaky_ReLU :0.5\ntanh: nan\ntime: 3 s\n";
        let expected = [("leaky-relu", "0.5"), ("tanh", "nan")];
        let expected = expected.map(|(name, number)| (name.to_owned(), number.to_owned()));
        assert_eq!(named_numbers(printed), expected);
    }
}
