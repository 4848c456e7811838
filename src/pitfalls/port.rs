//! A training run with parts to replace, in which mistakes are made.

use std::fmt::Debug;

use anyhow::Result;
use torch_parity::trace::{Observer, Trace};

use crate::lesson::train::Train;

/// A run whose parts mistakes replace. Its fields are the parts; with the right
/// ones, its twin `python_ref/NAME.py` does the same to the last bit.
pub trait Port: Debug + Sync {
    /// Its name, which is that of its twin.
    fn name(&self) -> &'static str;

    /// What a step of it is called.
    fn step_word(&self) -> &'static str {
        "step"
    }

    /// The training steps of a run without mistakes.
    fn steps(&self, settings: &Train) -> usize;

    /// The flags that make the twin do the same.
    fn twin_flags(&self, settings: &Train) -> Vec<String> {
        vec![
            format!("--seed={}", settings.seed),
            format!("--threads={}", settings.run.threads.count),
        ]
    }

    /// Trains, with the parts as they are.
    fn train(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()>;

    /// Trains with the right parts.
    fn train_right(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()>;
}

impl dyn Port {
    /// The record of the right run.
    pub fn right_run(&self, settings: &Train) -> Result<Trace> {
        let mut trace = Trace::default();
        self.train_right(settings, &mut trace)?;
        Ok(trace)
    }
}
