//! What one sees on a terminal while a run of ours takes more than a moment.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parity::terminal::is_quiet;
use torch_parity::Result;
use torch_parity::trace::{Named, Observer, Step};

/// A bar on standard error. Draws nothing in the first half second, and
/// nothing at all where standard error is not a terminal.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    bar: ProgressBar,
    done: u64,
}

impl Progress {
    /// Of a run of so many epochs, all activations together.
    pub fn new(epochs: usize) -> Self {
        let style =
            ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} epochs, {eta} left")
                .expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(Some(epochs as u64), ProgressDrawTarget::hidden());
        Self { started: Instant::now(), bar: bar.with_style(style), done: 0 }
    }
}

impl Observer for Progress {
    fn tensors(&mut self, series: &str, _: usize, phase: &str, _: &Named) -> Result<()> {
        if phase == "init" {
            self.bar.set_message(series.to_owned());
        }
        Ok(())
    }

    fn step(&mut self, _step: &Step) -> Result<()> {
        self.done += 1;
        if self.started.elapsed() > Duration::from_millis(500) && !is_quiet() {
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_position(self.done);
        }
        Ok(())
    }
}
