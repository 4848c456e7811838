//! The parity check: our run and Python's, side by side, and what came of it.

mod port;
mod script;

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use torch_parity::TORCH_VERSION;
use torch_parity::compare::{self, Options, Report, Tally, Value, Verdict};
use torch_parity::text::{repr, table, thousands, wrapped};
use torch_parity::trace::{About, Both, Trace};

pub use self::port::port_against_script;
use self::script::Paired;
use crate::lesson::Experiment;
use crate::lesson::train::Train;
use crate::progress::{Progress, spin};
use crate::python::{Python, Running, checkout};
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
    /// The experiment's or the script's name.
    pub name: String,
    /// What ran it.
    environment: String,
    /// What there is to say before the table: what the twin noted of what only
    /// Python has, or what a script trains; and the losses of the series.
    told: String,
    /// Everything that was compared.
    pub report: Report,
    /// Our record, and Python's.
    pub traces: [Trace; 2],
}

impl Checked {
    /// All of it as text.
    pub fn text(&self) -> String {
        let Self { environment, told, report, .. } = self;
        format!("{environment}{told}{report}")
    }
}

impl<E: Experiment> Check<E> {
    /// Starts the twin, which runs while ours does: importing torch takes
    /// longer than most of our runs.
    pub fn start(experiment: E, python: &Python) -> Result<Self> {
        let twin = python.start_twin(E::NAME, &experiment.twin_flags())?;
        Ok(Self { experiment, twin })
    }

    /// Runs our side, waits for the twin, and compares.
    pub fn finish(mut self, options: &Options) -> Result<Checked> {
        let (mut rust, mut progress) = self.watch();
        self.experiment.run(&mut Both(&mut rust, &mut progress))?;
        drop(progress);
        let python = self.python_trace()?;
        let report = compare::compare(["Rust", "Python"], &rust, &python, options)?;
        Ok(self.checked(rust, python, report))
    }

    /// The same where after each step both sides go on from Python's values, so
    /// that each step's own error shows, apart from what it inherited. The twin
    /// runs first.
    pub fn finish_resynced(mut self, options: &Options) -> Result<Checked> {
        let python = self.python_trace()?;
        let (mut rust, mut progress) = self.watch();
        let mut after = Both(&mut progress, &mut Resync(&python));
        self.experiment.run(&mut Both(&mut rust, &mut after))?;
        drop(progress);
        let report = compare::compare(["Rust", "Python"], &rust, &python, options)?;
        Ok(self.checked(rust, python, report.resynced()))
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

    fn checked(&self, rust: Trace, python: Trace, report: Report) -> Checked {
        let series = series_table(&report, &rust, &python);
        Checked {
            name: E::NAME.to_owned(),
            environment: environment(&rust.about, &python.about),
            told: format!("{}{}\n{series}", twins(), self.twin.notes()),
            report,
            traces: [rust, python],
        }
    }
}

/// Which twins ran.
fn twins() -> String {
    match checkout() {
        Some(_) => "Twins   python_ref/ of this checkout\n".to_owned(),
        None => "Twins   built in\n".to_owned(),
    }
}

/// One report and one verdict of several checks.
pub fn summary(all: &[Checked], options: &Options) -> (String, Verdict) {
    let mut rows: Vec<_> =
        all.iter().map(|checked| (checked.name.clone(), checked.report.total())).collect();
    let mut total = Tally::default();
    for (_, tally) in &rows {
        total.add(tally);
    }
    rows.push(("all".to_owned(), total.clone()));

    let verdicts = || all.iter().map(|checked| checked.report.verdict());
    let diverged = verdicts().find(|&verdict| verdict == Verdict::Diverged);
    let verdict = diverged.or(verdicts().next()).unwrap_or(Verdict::Exact);
    let mut text = format!(
        "{}{}\n{}\nverdict: {}\n",
        all.first().map_or("", |checked| &checked.environment),
        twins(),
        compare::tally_table("experiment", &rows, options.tolerance),
        compare::verdict_line(verdict, &total, options.tolerance),
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
        Some(ulps) => thousands(usize::try_from(ulps).unwrap_or(usize::MAX)),
        None => "nan".to_owned(),
    }
}

/// Records the user's own copy of the lesson's script and holds our run of the
/// same settings to it, whole. `settings` makes the settings from those that the
/// record tells.
pub fn against_script(
    script: &Path,
    args: &[OsString],
    python: &Python,
    settings: impl FnOnce(Result<Train>) -> Result<Train>,
    options: &Options,
) -> Result<Checked> {
    let recorded = record_script(script, args, python)?;
    let name = script.display();
    let settings = settings(
        script::settings(&recorded, &Train::default()).with_context(|| format!("{name}")),
    )?;
    let mut progress = Progress::new(settings.steps());
    let mut ours = settings.trace();
    settings.run(&mut Both(&mut ours, &mut progress))?;
    drop(progress);
    let Paired { trace: theirs, notes, has_labels } = script::pair(&recorded, &ours)?;
    if !has_labels {
        ours.tensors.remove("data/000000/data/y");
    }
    // A script says nothing of its settings: they are read off its tensors.
    let about = std::mem::take(&mut ours.about.settings);
    let report = compare::compare(["Rust", "script"], &ours, &theirs, options)?;
    let settings: Vec<_> = about.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let told = format!(
        "Script  {name}\n{}{}\n{}",
        wrapped(&format!("trains  {}", settings.join(", "))),
        notes.iter().map(|note| wrapped(&format!("paired  {note}"))).collect::<String>(),
        series_table(&report, &ours, &theirs),
    );
    let environment = environment(&ours.about, &theirs.about);
    let name = name.to_string();
    Ok(Checked { name, environment, told, report, traces: [ours, theirs] })
}

/// Records a script to a file, and reads it.
fn record_script(script: &Path, args: &[OsString], python: &Python) -> Result<Trace> {
    let mut running = python.start_recording(script, args, 1)?;
    spin("waiting for the script", || running.finish())?;
    let trace = Trace::read(&running.file("script.safetensors"))
        .context("the script left no record: is --python a Python?")?;
    same_release(&trace.about)?;
    Ok(trace)
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
}
