//! The lesson's experiments, a room for each: its settings, which are its flags;
//! its run; what it prints and writes. `src/lesson/NAME` is the twin of
//! `python_ref/NAME.py`.

pub mod curve;
pub mod generator;
pub mod recurrent;
pub mod settings;
pub mod signal;
pub mod train;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use torch_parity::trace::{About, Observer, Trace, about};

/// What the program needs to know of an experiment; its fields are its settings
/// and its flags.
pub trait Experiment: Args + Serialize + 'static {
    /// Its name, which is that of its command and of its twin's file.
    const NAME: &'static str;

    /// What it does, in a line of help.
    const ABOUT: &'static str;

    /// What it does, in full, where a line does not do.
    const LONG_ABOUT: &'static str = "";

    /// What help says after the flags: columns of the CSV, and examples.
    const AFTER_HELP: &'static str;

    /// What it finds.
    type Findings: 'static;

    /// The files that it can write.
    const FILES: &'static [File<Self::Findings>];

    /// Refuses settings that are fine alone and not together.
    fn validate(&self) -> Result<()>;

    /// libtorch's intra-op threads. Not one of the settings but part of the
    /// environment: at sizes near the lesson's it changes no bit.
    fn threads(&self) -> i32;

    /// The training steps that a run reports to its observer, of all series
    /// together: the length of the progress bar.
    fn steps(&self) -> usize;

    /// Runs it, telling the observer all that happens.
    fn run(&self, observer: &mut dyn Observer) -> Result<Self::Findings>;

    /// The lines to print, those of the twin.
    fn summary(findings: &Self::Findings) -> String;

    /// The flags that make the twin do the same.
    fn twin_flags(&self) -> Vec<String> {
        let flag = |(name, value): (String, String)| {
            let name = name.replace('_', "-");
            match value.as_str() {
                "true" => Some(format!("--{name}")),
                "false" => None,
                _ => Some(format!("--{name}={value}")),
            }
        };
        let threads = format!("--threads={}", self.threads());
        settings::named(self).into_iter().filter_map(flag).chain([threads]).collect()
    }

    /// What a record of it says of the run.
    fn about(&self) -> About {
        let settings = settings::named(self).into_iter().collect();
        about(Self::NAME, settings, self.threads())
    }

    /// An empty record of it.
    fn trace(&self) -> Trace {
        Trace::new(self.about())
    }
}

/// A file that an experiment can write, and its flag.
pub struct File<Findings> {
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// What the file is called among those of all experiments.
    pub name: &'static str,
    /// What the flag's help says.
    pub help: &'static str,
    /// Of a picture, what there is to see in it; empty for other files.
    pub shows: &'static str,
    /// What belongs into it.
    pub render: fn(&Findings) -> Result<Vec<u8>>,
}

impl<Findings> File<Findings> {
    /// What was measured, as CSV.
    pub const fn csv(name: &'static str, render: fn(&Findings) -> Result<Vec<u8>>) -> Self {
        let help = "Write what was measured as CSV (- for standard output)";
        Self { flag: "csv", name, help, shows: "", render }
    }

    /// The same as a picture.
    pub const fn plot(
        name: &'static str,
        shows: &'static str,
        render: fn(&Findings) -> Result<Vec<u8>>,
    ) -> Self {
        Self { flag: "plot", name, help: "Draw what was measured, as SVG (or -)", shows, render }
    }
}

/// Something that is done with every experiment.
pub trait Visitor {
    /// Does it with this one.
    fn visit<E: Experiment>(&mut self);
}

/// Every experiment, in the order in which they are listed anywhere. To add one,
/// add its line here and its room, and its twin in `python_ref/`.
pub fn visit_all(visitor: &mut impl Visitor) {
    visitor.visit::<train::Train>();
    visitor.visit::<curve::Curve>();
    visitor.visit::<signal::Signal>();
    visitor.visit::<recurrent::Recurrent>();
    visitor.visit::<generator::Generator>();
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Command;
    use torch_parity::trace::Step;

    use super::*;

    /// Counts the steps of a run.
    #[derive(Default)]
    pub(crate) struct Counter(pub(crate) usize);

    impl Observer for Counter {
        fn step(&mut self, _: &Step) -> torch_parity::Result<()> {
            self.0 += 1;
            Ok(())
        }
    }

    struct Runs(Vec<(&'static str, usize)>);

    impl Visitor for Runs {
        fn visit<E: Experiment>(&mut self) {
            let flags = match E::NAME {
                "train" => "--samples 8 --hidden 4 --epochs 3 --activations tanh,relu",
                "curve" => "--points 9",
                "signal" => {
                    "--samples 8 --hidden 4 --epochs 2 --depths 2,3 --activations tanh,relu,elu"
                }
                "recurrent" => {
                    "--samples 8 --features 2 --hidden 2 --epochs 2 --steps 3,4,5 --cells rnn,lstm"
                }
                _ => "--samples 4 --features 2 --hidden 4 --size 16 --epochs 7 --last tanh,sigmoid",
            };
            let with = |threads: i32| {
                let flags = format!("{} {flags} --threads {threads}", E::NAME);
                let command = E::augment_args(Command::new(E::NAME));
                let matches = command.try_get_matches_from(flags.split(' ')).unwrap();
                E::from_arg_matches(&matches).unwrap()
            };
            assert_eq!(with(2).threads(), 2, "{}", E::NAME);
            let experiment = with(1);
            experiment.validate().unwrap();
            let mut counter = Counter::default();
            experiment.run(&mut counter).unwrap();
            assert_eq!(counter.0, experiment.steps(), "{}", E::NAME);
            self.0.push((E::NAME, counter.0));
        }
    }

    /// What bars and `check --digest` go by.
    #[test]
    fn every_experiment_tells_how_many_steps_it_takes() {
        let mut runs = Runs(Vec::new());
        visit_all(&mut runs);
        let expected = [("train", 6), ("curve", 0), ("signal", 12), ("generator", 14)];
        for (name, steps) in expected {
            assert!(runs.0.contains(&(name, steps)), "{:?}", runs.0);
        }
    }
}
