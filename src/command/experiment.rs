//! The commands of all experiments: run it, print what was found, write what was
//! asked for. Experiments of all types behind one trait, in one list.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Arg, ArgMatches, Command, value_parser};
use tanh_parity::check::{Check, Checked};
use tanh_parity::lesson::settings::OUTPUT;
use tanh_parity::lesson::{Experiment, File, Visitor, visit_all};
use tanh_parity::output::Outputs;
use tanh_parity::progress::Progress;
use tanh_parity::python::Python;
use torch_parity::compare::Options;
use torch_parity::trace::Both;

/// An experiment of any type.
pub trait Room {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it does, in a line.
    fn about(&self) -> &'static str;
    /// Its command.
    fn command(&self) -> Command;
    /// Adds its settings, as flags.
    fn with_settings(&self, command: Command) -> Command;
    /// Runs its command.
    fn run(&self, matches: &ArgMatches) -> Result<()>;
    /// Runs it with its defaults and writes all its files to `folder`.
    fn run_into(&self, folder: &Path) -> Result<()>;
    /// Starts its twin, with the settings of these flags or with the defaults
    /// where there are none.
    fn start_check(&self, matches: &ArgMatches, python: &Python) -> Result<Box<dyn Started>>;
}

/// A check whose twin is running.
pub trait Started {
    /// Runs our side and compares.
    fn finish(self: Box<Self>, options: &Options) -> Result<Checked>;
}

/// Every experiment.
pub fn rooms() -> Vec<Box<dyn Room>> {
    struct Rooms(Vec<Box<dyn Room>>);
    impl Visitor for Rooms {
        fn visit<E: Experiment>(&mut self) {
            self.0.push(Box::new(Of::<E>(PhantomData)));
        }
    }
    let mut rooms = Rooms(Vec::new());
    visit_all(&mut rooms);
    rooms.0
}

/// Whether an experiment of this name is one of ours, whose steps are epochs.
pub fn is_lesson(name: &str) -> bool {
    rooms().iter().any(|room| room.name() == name)
}

/// The room of an experiment.
struct Of<E>(PhantomData<E>);

impl<E: Experiment> Room for Of<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn about(&self) -> &'static str {
        E::ABOUT
    }

    fn command(&self) -> Command {
        let mut command = self.with_settings(Command::new(E::NAME)).about(E::ABOUT);
        if !E::LONG_ABOUT.is_empty() {
            command = command.long_about(format!("{}\n\n{}", E::ABOUT, E::LONG_ABOUT));
        }
        for file in E::FILES {
            command = command.arg(output(file.flag, file.help));
        }
        let trace = output("trace", "Record everything that happens, as .safetensors (or -)");
        command.arg(trace).after_help(E::AFTER_HELP)
    }

    fn with_settings(&self, command: Command) -> Command {
        E::augment_args(command)
    }

    fn run(&self, matches: &ArgMatches) -> Result<()> {
        run(&settings::<E>(matches)?, matches)
    }

    fn run_into(&self, folder: &Path) -> Result<()> {
        let file = |file: &File<E::Findings>| {
            format!("--{}={}", file.flag, folder.join(file.name).display())
        };
        let words = [E::NAME.to_owned()].into_iter().chain(E::FILES.iter().map(file));
        self.run(&self.command().try_get_matches_from(words)?)
    }

    fn start_check(&self, matches: &ArgMatches, python: &Python) -> Result<Box<dyn Started>> {
        Ok(Box::new(Check::start(settings::<E>(matches)?, python)?))
    }
}

impl<E: Experiment> Started for Check<E> {
    fn finish(self: Box<Self>, options: &Options) -> Result<Checked> {
        Check::finish(*self, options)
    }
}

/// A flag that names a file to write.
fn output(flag: &'static str, help: &'static str) -> Arg {
    let path = value_parser!(PathBuf);
    Arg::new(flag).long(flag).value_name("FILE").value_parser(path).help(help).help_heading(OUTPUT)
}

/// The settings that the flags give, checked.
fn settings<E: Experiment>(matches: &ArgMatches) -> Result<E> {
    let settings = E::from_arg_matches(matches)?;
    settings.validate()?;
    Ok(settings)
}

/// Runs `experiment`, prints its summary and writes its files and its record.
fn run<E: Experiment>(experiment: &E, matches: &ArgMatches) -> Result<()> {
    let path = |flag| matches.get_one::<PathBuf>(flag);
    let files = E::FILES.iter().map(|file| {
        let (_, ending) = file.name.rsplit_once('.').expect("its name has an ending");
        (path(file.flag), ending)
    });
    let paths: Vec<_> = files.chain([(path("trace"), "safetensors")]).collect();
    let mut outputs = Outputs::open(&paths)?;
    let trace = E::FILES.len(); // its place among the outputs

    let mut progress = Progress::new(experiment.steps());
    let mut record = outputs.record(trace, experiment.about());
    let findings = match &mut record {
        Some(record) => experiment.run(&mut Both(record, &mut progress))?,
        None => experiment.run(&mut progress)?,
    };
    drop(progress);

    // Where the words cannot be printed, the files are still wanted.
    let printed = outputs.print_beside(&E::summary(&findings));
    for (i, file) in E::FILES.iter().enumerate() {
        outputs.write(i, || (file.render)(&findings))?;
    }
    if let Some(record) = record {
        outputs.write_record(trace, record)?;
    }
    printed
}
