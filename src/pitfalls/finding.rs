//! What comes of a mistake: where the run parts from the right one, and which
//! checks notice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::Result;
use parity::compare::{Options, Report, Tolerance, Value, compare};
use torch_parity::trace::{Both, Key, Observer, Trace};

use super::Pitfall;
use crate::lesson::train::Train;
use crate::resync::Resync;

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

/// Trains with the mistake, once by itself and once resynced to the right run,
/// and compares both with the right run.
pub fn examine(
    pitfall: &'static Pitfall,
    settings: &Train,
    right: &Trace,
    observer: &mut dyn Observer,
) -> Result<Finding> {
    let parts = pitfall.parts;
    let [mut alone, mut resynced] = [Trace::default(), Trace::default()];
    parts.train(settings, &mut Both(&mut alone, observer))?;
    let mut after = Both(observer, &mut Resync(right));
    parts.train(settings, &mut Both(&mut resynced, &mut after))?;

    let right = comparable(right, &alone);
    let options = Options { step_word: parts.step_word().to_owned(), ..Options::default() };
    let report = |wrong| compare(["wrong", "right"], wrong, &right, &options);
    let [wrong_losses, right_losses] = [losses(&alone), losses(&right)];
    let final_losses: Vec<_> = last(&wrong_losses).into_iter().zip(last(&right_losses)).collect();
    Ok(Finding {
        pitfall,
        report: report(&alone)?,
        noticed: notice(wrong_losses != right_losses, &final_losses),
        final_difference: largest_difference(&final_losses),
        resynced: report(&resynced)?.resynced(),
        must_show: pitfall.shows.must(settings),
    })
}

/// Without the optimizer's state where the wrong run's cannot be read, as that
/// of `tch::nn::Adam`: not to be seen is not to be different.
fn comparable<'a>(right: &'a Trace, wrong: &Trace) -> Cow<'a, Trace> {
    let is_state = |key: &Key| key.in_phase("state").is_some();
    if wrong.tensors.keys().any(is_state) {
        return Cow::Borrowed(right);
    }
    let mut right = right.clone();
    right.tensors.retain(|key, _| !is_state(key));
    Cow::Owned(right)
}

/// The loss of every step, by series and step.
type Losses<'a> = BTreeMap<(&'a str, usize), Value>;

fn losses(trace: &Trace) -> Losses<'_> {
    let losses = trace.tensors.iter().filter_map(|(key, array)| {
        let place = key.in_phase("loss")?;
        Some(((place.series, place.step), Value::new(array.dtype(), array.bytes())))
    });
    losses.collect()
}

/// The last loss of each series; a mistake may make a run shorter.
fn last(losses: &Losses) -> Vec<Value> {
    let last: BTreeMap<_, _> = losses.iter().map(|((series, _), loss)| (*series, *loss)).collect();
    last.into_values().collect()
}

fn numbers(losses: &[(Value, Value)]) -> impl Iterator<Item = [f64; 2]> {
    let number = |loss: Value| loss.number().expect("a loss is a float");
    losses.iter().map(move |(wrong, right)| [number(*wrong), number(*right)])
}

fn notice(epoch_bits: bool, final_losses: &[(Value, Value)]) -> Noticed {
    let close = |[wrong, right]: [f64; 2]| Tolerance::default().allows(wrong, right);
    Noticed {
        decimals: numbers(final_losses)
            .any(|[wrong, right]| format!("{wrong:.4}") != format!("{right:.4}")),
        assert_close: !numbers(final_losses).all(close),
        final_bits: final_losses.iter().any(|(wrong, right)| wrong != right),
        epoch_bits,
    }
}

/// NaN where a difference is.
fn largest_difference(losses: &[(Value, Value)]) -> f64 {
    let distances = numbers(losses).map(|[wrong, right]| (wrong - right).abs());
    distances.fold(0.0, |largest, x| if x.is_nan() || x > largest { x } else { largest })
}
