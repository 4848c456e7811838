//! What comes of a mistake: where the run parts from the right one, and which
//! checks notice.

use std::borrow::Cow;

use super::Pitfall;
use crate::lesson::Experiment;
use crate::parity::{self, Report, Tolerance, Value};
use crate::resync::Resync;
use crate::settings::Settings;
use crate::trace::{Observer, Trace};

/// A mistake and what came of it.
#[derive(Debug)]
pub struct Finding {
    /// The mistake.
    pub pitfall: &'static Pitfall,
    /// The run with it, compared bit for bit with the right one.
    pub report: Report,
    /// Which checks of the losses notice it.
    pub noticed: Noticed,
    /// The largest difference of two final losses; NaN where one is NaN.
    pub final_difference: f64,
    /// The same where both runs go on from the right values after each step:
    /// tells the steps that are wrong by themselves.
    pub resynced: Report,
    /// Whether it must show at these settings.
    pub must_show: bool,
}

impl Finding {
    /// Whether the runs differ at all.
    pub fn is_found(&self) -> bool {
        self.report.first().is_some()
    }

    /// Whether the search failed: the mistake must show and does not.
    pub fn is_missed(&self) -> bool {
        self.must_show && !self.is_found()
    }
}

/// Which of the usual checks notice a mistake.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // four checks, four answers
pub struct Noticed {
    /// The final losses to 4 printed decimals.
    pub decimals: bool,
    /// The final losses by `torch.testing.assert_close` with its defaults.
    pub assert_close: bool,
    /// The bits of the final losses.
    pub final_bits: bool,
    /// The bits of every epoch's loss.
    pub epoch_bits: bool,
}

/// The right run: the lesson itself.
pub fn right_run(settings: &Settings) -> Trace {
    let mut trace = settings.trace();
    settings.run(&mut trace);
    trace
}

/// Trains with the mistake, once by itself and once resynced to the right run,
/// and compares both with the right run.
pub fn examine(
    pitfall: &'static Pitfall,
    settings: &Settings,
    right: &Trace,
    observer: &mut impl Observer,
) -> Finding {
    let mut watching = (settings.trace(), &mut *observer);
    pitfall.parts.train(settings, &mut watching);
    let (alone, _) = watching;
    let mut watching = (settings.trace(), (Resync(right), observer));
    pitfall.parts.train(settings, &mut watching);
    let (resynced, _) = watching;

    let right = comparable(right, &alone);
    let compare = |wrong| parity::compare(["wrong", "right"], wrong, &right, None);
    let every_loss = losses(&alone, &right, "/loss/loss");
    let final_losses = losses(&alone, &right, &format!("/{:06}/loss/loss", settings.epochs));
    Finding {
        pitfall,
        report: compare(&alone),
        noticed: notice(&every_loss, &final_losses),
        final_difference: largest_difference(&final_losses),
        resynced: compare(&resynced).resynced(),
        must_show: pitfall.shows.must(settings),
    }
}

/// Without the optimizer's state where the wrong run's cannot be read, as that
/// of `tch::nn::Adam`: not to be seen is not to be different.
fn comparable<'a>(right: &'a Trace, wrong: &Trace) -> Cow<'a, Trace> {
    let is_state = |key: &String| key.contains("/state/");
    if wrong.tensors.keys().any(is_state) {
        return Cow::Borrowed(right);
    }
    let mut right = right.clone();
    right.tensors.retain(|key, _| !is_state(key));
    Cow::Owned(right)
}

/// The losses of both runs under the keys that end like this.
fn losses(wrong: &Trace, right: &Trace, ending: &str) -> Vec<[Value; 2]> {
    let keys = right.tensors.keys().filter(|key| key.ends_with(ending));
    keys.map(|key| {
        [wrong, right].map(|trace| {
            let array = &trace.tensors[key];
            Value::new(array.dtype, &array.bytes)
        })
    })
    .collect()
}

fn numbers(losses: &[[Value; 2]]) -> impl Iterator<Item = [f64; 2]> {
    losses.iter().map(|both| both.map(|loss| loss.number().expect("a loss is a float")))
}

fn notice(every_loss: &[[Value; 2]], final_losses: &[[Value; 2]]) -> Noticed {
    let differ = |losses: &[[Value; 2]]| losses.iter().any(|[wrong, right]| wrong != right);
    let close = |[wrong, right]: [f64; 2]| Tolerance::default().allows(wrong, right);
    Noticed {
        decimals: numbers(final_losses)
            .any(|[wrong, right]| format!("{wrong:.4}") != format!("{right:.4}")),
        assert_close: !numbers(final_losses).all(close),
        final_bits: differ(final_losses),
        epoch_bits: differ(every_loss),
    }
}

/// NaN where a difference is.
fn largest_difference(losses: &[[Value; 2]]) -> f64 {
    let distances = numbers(losses).map(|[wrong, right]| (wrong - right).abs());
    distances.fold(0.0, |largest, x| if x.is_nan() || x > largest { x } else { largest })
}
