//! The commands of all experiments: run it, print what was found, write what was
//! asked for. Experiments of all types behind one trait, in one list.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use parity::check::{Checked, Digest};
use parity::compare::Options;
use parity::output::Outputs;
use tanh_parity::check::Check;
use tanh_parity::lesson::settings::OUTPUT;
use tanh_parity::lesson::{Experiment, File, Visitor, visit_all};
use tanh_parity::progress::Progress;
use tanh_parity::python::Twins;
use tanh_parity::report::{Picture, Section};
use tanh_parity::threads::refuse_too_many;
use torch_parity::trace::{Both, Kept};

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
    /// Runs it with its defaults and writes all its files to `folder`; returns what
    /// there is to tell of it.
    fn run_into(&self, folder: &Path) -> Result<Section>;
    /// Starts its twin, with the settings of these flags or with the defaults
    /// where there are none.
    fn start_check(&self, matches: &ArgMatches, python: &Twins, digest: Digest) -> Result<Started>;
}

/// What is left of a check whose twin is running: runs our side and compares.
pub type Started = Box<dyn FnOnce(&Options) -> Result<Checked>>;

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
        let digest = switch("digest", "Record a digest of each tensor, not its values");
        let partial =
            "If the run fails, or INT, TERM or HUP ends it, keep what was recorded by then";
        let partial = switch("keep-partial", partial);
        command.args([trace, digest, partial]).after_help(E::AFTER_HELP)
    }

    fn with_settings(&self, command: Command) -> Command {
        E::augment_args(command)
    }

    fn run(&self, matches: &ArgMatches) -> Result<()> {
        run(&settings::<E>(matches)?, matches).map(drop)
    }

    fn run_into(&self, folder: &Path) -> Result<Section> {
        let file = |file: &File<E::Findings>| {
            format!("--{}={}", file.flag, folder.join(file.name).display())
        };
        let words = [E::NAME.to_owned()].into_iter().chain(E::FILES.iter().map(file));
        let matches = self.command().try_get_matches_from(words)?;
        let printed = run(&settings::<E>(&matches)?, &matches)?;
        let pictures = E::FILES.iter().filter(|file| !file.shows.is_empty());
        let picture = |file: &File<E::Findings>| {
            let path = folder.join(file.name);
            let bytes = std::fs::read(&path);
            let bytes = bytes.with_context(|| format!("cannot read {} again", path.display()))?;
            Ok(Picture { shows: file.shows, bytes })
        };
        let pictures = pictures.map(picture).collect::<Result<_>>()?;
        Ok(Section { name: E::NAME, about: E::ABOUT, printed, pictures })
    }

    fn start_check(&self, matches: &ArgMatches, python: &Twins, digest: Digest) -> Result<Started> {
        let check = Check::start(settings::<E>(matches)?, python, digest)?;
        Ok(Box::new(move |options| check.finish(options)))
    }
}

/// A flag that names a file to write.
fn output(flag: &'static str, help: &'static str) -> Arg {
    let path = value_parser!(PathBuf);
    Arg::new(flag).long(flag).value_name("FILE").value_parser(path).help(help).help_heading(OUTPUT)
}

/// A flag on how `--trace` records.
fn switch(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag)
        .long(flag)
        .action(ArgAction::SetTrue)
        .requires("trace")
        .help(help)
        .help_heading(OUTPUT)
}

/// The settings that the flags give, checked.
fn settings<E: Experiment>(matches: &ArgMatches) -> Result<E> {
    let settings = E::from_arg_matches(matches)?;
    settings.validate()?;
    refuse_too_many(settings.threads() as usize, 1)?;
    Ok(settings)
}

/// Runs `experiment`, prints its summary and writes its files and its record;
/// returns what it printed.
fn run<E: Experiment>(experiment: &E, matches: &ArgMatches) -> Result<String> {
    let path = |flag| matches.get_one::<PathBuf>(flag);
    let files = E::FILES.iter().map(|file| {
        let (_, ending) = file.name.rsplit_once('.').expect("its name has an ending");
        (file.flag, path(file.flag), ending)
    });
    let paths: Vec<_> = files.chain([("trace", path("trace"), "safetensors")]).collect();
    let mut outputs = Outputs::open(&paths)?;

    let mut progress = Progress::new(experiment.steps());
    let kept = Kept {
        digest: matches.get_flag("digest"),
        partial: matches.get_flag("keep-partial"),
        ..Kept::default()
    };
    let mut record = outputs.record("trace", experiment.about(), kept)?;
    let findings = match &mut record {
        Some(record) => experiment.run(&mut Both(record, &mut progress))?,
        None => experiment.run(&mut progress)?,
    };
    drop(progress);

    // Where the words cannot be printed, the files are still wanted.
    let summary = E::summary(&findings);
    let printed = outputs.print_beside(&summary);
    for file in E::FILES {
        outputs.write(file.flag, || (file.render)(&findings))?;
    }
    if let Some(record) = record {
        outputs.write_record("trace", record)?;
    }
    printed.map(|()| summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_is_named_and_says_what_it_is_for() {
        for room in rooms() {
            assert!(is_lesson(room.name()));
            let command = room.command();
            assert_eq!(command.get_name(), room.name());
            let about = command.get_about().unwrap().to_string();
            assert_eq!(about, room.about());
            // Where there is more to say, it goes on from there.
            if let Some(long) = command.get_long_about() {
                let long = long.to_string();
                assert!(long.len() > about.len() + 2 && long.starts_with(&about), "{long}");
            }
        }
        assert!(!is_lesson("check") && !is_lesson(""));
        assert!(rooms().iter().any(|room| room.command().get_long_about().is_some()));
    }
}
