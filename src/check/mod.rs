//! The parity check: our run and Python's, side by side, and what came of it.

mod script;

use anyhow::{Context, Result, ensure};
use parity::check::{self, Checked, Digest, look_again};
use parity::compare::{self, Options, Report};
use parity::progress::spin;
use parity::python::{Folder, Python, Running, Script, checkout};
use parity::text::escaped;
use torch_parity::TORCH_VERSION;
use torch_parity::trace::{About, Both, Kept, Trace, Writer};

use self::script::Paired;
use crate::lesson::Experiment;
use crate::lesson::train::Train;
use crate::progress::Progress;
use crate::python::Twins;
use crate::resync::Resync;
use crate::text::wrapped;

/// The check of one experiment: its twin is running.
#[derive(Debug)]
pub struct Check<E> {
    experiment: E,
    twin: Running,
    python: Twins,
    kept: Kept,
}

impl<E: Experiment> Check<E> {
    /// Starts the twin, which runs while ours does: importing torch takes
    /// longer than most of our runs.
    pub fn start(experiment: E, python: &Twins, digest: Digest) -> Result<Self> {
        let kept = Kept { digest: digest.of(experiment.steps()), ..Kept::default() };
        let twin = python.start_twin(E::NAME, &experiment.twin_flags(), &kept)?;
        Ok(Self { experiment, twin, python: python.clone(), kept })
    }

    /// Runs our side, waits for the twin, and compares.
    pub fn finish(mut self, options: &Options) -> Result<Checked> {
        let rust = record(&self.experiment, &self.kept)?;
        let python = python_trace(&mut self.twin)?;
        let sides = ["Rust", "Python"];
        let mut report = compare::compare(sides, &rust, &python, options)?;
        look_again(&mut report, sides, [&rust, &python], options, |kept| {
            self.twin = self.python.start_twin(E::NAME, &self.experiment.twin_flags(), kept)?;
            Ok([record(&self.experiment, kept)?, python_trace(&mut self.twin)?])
        });
        Ok(self.checked(rust, python, report))
    }

    /// The same where after each step both sides go on from Python's values, so
    /// that each step's own error shows, apart from what it inherited. The twin
    /// runs first.
    pub fn finish_resynced(mut self, options: &Options) -> Result<Checked> {
        let python = python_trace(&mut self.twin)?;
        let mut rust = self.experiment.trace();
        let mut progress = Progress::new(self.experiment.steps());
        let mut after = Both(&mut progress, &mut Resync(&python));
        self.experiment.run(&mut Both(&mut rust, &mut after))?;
        drop(progress);
        let report = compare::compare(["Rust", "Python"], &rust, &python, options)?;
        Ok(self.checked(rust, python, report.resynced()))
    }

    fn checked(&self, rust: Trace, python: Trace, report: Report) -> Checked {
        let remarks = format!("{}{}", twins(), self.twin.notes());
        Checked::new(E::NAME.to_owned(), remarks, report, [rust, python])
    }
}

/// Waits for a twin; returns all that happened in it.
pub fn python_trace(twin: &mut Running) -> Result<Trace> {
    spin("waiting for the Python twin", || twin.finish())?;
    let python = Trace::read(&twin.file("python.safetensors"))
        .context("the Python twin left no trace: is --python a Python?")?;
    same_release(&python.about)?;
    Ok(python)
}

/// Our record of an experiment; by way of a file, unless it is all of the values.
fn record(experiment: &impl Experiment, kept: &Kept) -> Result<Trace> {
    let mut progress = Progress::new(experiment.steps());
    if *kept == Kept::default() {
        let mut trace = experiment.trace();
        experiment.run(&mut Both(&mut trace, &mut progress))?;
        return Ok(trace);
    }
    let folder = Folder::new()?;
    let path = folder.path().join("rust.safetensors");
    let mut writer = Writer::keeping(&path, experiment.about(), kept.clone())?;
    experiment.run(&mut Both(&mut writer, &mut progress))?;
    Ok(Trace::read(&writer.finish()?)?)
}

/// Which twins ran.
fn twins() -> String {
    match checkout() {
        Some(_) => "Twins   python_ref/ of this checkout\n".to_owned(),
        None => "Twins   built in\n".to_owned(),
    }
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

/// Records the user's own copy of the lesson's script and holds our run of the
/// same settings to it, whole. `settings` makes the settings from those that the
/// record tells.
pub fn against_script(
    script: Script<'_>,
    python: &Python,
    digest: bool,
    settings: impl FnOnce(Result<Train>) -> Result<Train>,
    options: &Options,
) -> Result<Checked> {
    let kept = Kept { digest, ..Kept::default() };
    let recorded = record_script(script, python, &kept)?;
    let name = script.path.display();
    let settings = settings(
        script::settings(&recorded, &Train::default()).with_context(|| format!("{name}")),
    )?;
    let mut ours = record(&settings, &kept)?;
    let Paired { trace: theirs, notes, has_labels, keys } = script::pair(&recorded, &ours)?;
    if !has_labels {
        ours.tensors.remove("data/000000/data/y");
    }
    // A script says nothing of its settings: they are read off its tensors.
    let about = std::mem::take(&mut ours.about.settings);
    let sides = ["Rust", "script"];
    let mut report = compare::compare(sides, &ours, &theirs, options)?;
    look_again(&mut report, sides, [&ours, &theirs], options, |kept| {
        let theirs = script::renamed(record_script(script, python, kept)?, &keys)?;
        let mut ours = record(&settings, kept)?;
        ours.about.settings.clear();
        Ok([ours, theirs])
    });
    let settings: Vec<_> = about.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let remarks = format!(
        "file    {}\n{}{}",
        escaped(&name.to_string()),
        wrapped(&format!("trains  {}", settings.join(", "))),
        notes.iter().map(|note| wrapped(&escaped(&format!("paired  {note}")))).collect::<String>(),
    );
    let checked = Checked::new(name.to_string(), remarks, report, [ours, theirs]);
    Ok(Checked { settings: about, ..checked })
}

/// Records a script with our release of PyTorch.
fn record_script(script: Script<'_>, python: &Python, kept: &Kept) -> Result<Trace> {
    let trace = check::record_script(script, python, kept)?;
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
