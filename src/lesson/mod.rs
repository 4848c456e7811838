//! The lesson's experiments, one file a section; each is the twin of the file
//! of the same name in `python_ref/`.

pub mod claims;
pub mod curve;
pub mod generator;
pub mod layers;
pub mod recurrent;
pub mod signal;
pub mod train;

use crate::trace::{Observer, Trace};

/// What the commands and the parity check need to know of an experiment.
pub trait Experiment {
    /// Its name, which is that of its twin's file.
    const NAME: &'static str;

    /// What it finds, for the printed lines, the CSV and the plot.
    type Findings;

    /// Everything that the results depend on, as name and text. The names are
    /// those of the flags, with `_` for `-`; a switch is `true` or `false`.
    fn settings(&self) -> Vec<(&'static str, String)>;

    /// libtorch's intra-op threads. Not one of the settings but part of the
    /// environment: at sizes near the lesson's it changes no bit.
    fn threads(&self) -> i32;

    /// The training steps that a run reports to its observer, of all series
    /// together: the length of the progress bar.
    fn steps(&self) -> usize;

    /// Runs it, telling the observer all that happens.
    fn run(&self, observer: &mut impl Observer) -> Self::Findings;

    /// The flags that make the twin do the same.
    fn flags(&self) -> Vec<String> {
        let flag = |(name, value): (&str, String)| {
            let name = name.replace('_', "-");
            match value.as_str() {
                "true" => Some(format!("--{name}")),
                "false" => None,
                _ => Some(format!("--{name}={value}")),
            }
        };
        let threads = format!("--threads={}", self.threads());
        self.settings().into_iter().filter_map(flag).chain([threads]).collect()
    }

    /// An empty trace of it.
    fn trace(&self) -> Trace {
        Trace::new(Self::NAME, self.settings(), self.threads())
    }
}
