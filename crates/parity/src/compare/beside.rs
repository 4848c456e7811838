//! What else differs in the phase and the step of the first divergence.

use std::collections::HashSet;

use parity_record::{Place, SHARED};

use super::Report;
use super::difference::What;
use super::selection::Selection;
use crate::text::thousands;

/// In a line; none where nothing else is in that phase, and where a side ends.
pub(super) fn beside(selection: &Selection<'_>, report: &Report) -> Option<String> {
    let first = report.failing().next()?;
    let at = first.key.place()?;
    if matches!(first.what, What::OnlyIn { other_ends: Some(_), .. }) {
        return None;
    }
    let phase = (at.series, at.step, at.phase);
    let is_beside = |key: &str| {
        Place::of(key).is_some_and(|place| (place.series, place.step, place.phase) == phase)
    };
    let failing = report.failing().map(|it| it.key.as_str()).filter(|key| is_beside(key));
    let failing: HashSet<_> = failing.collect();
    let all = (0..selection.pairs.len()).filter(|&at| is_beside(selection.key(at)));
    let all: Vec<_> = all.map(|at| Tensor::of(selection, at)).collect();
    let is_failing = |tensor: &&Tensor<'_>| failing.contains(tensor.key);
    let (differ, equal): (Vec<_>, Vec<_>) = all.iter().partition(is_failing);
    let place = match (at.series, at.step) {
        (SHARED, 0) => "data".to_owned(),
        (_, 0) => format!("{} at the start", at.phase),
        (_, step) => format!("{} of {} {step}", at.phase, report.step_word),
    };
    let (some, all) = (thousands(differ.len()), thousands(all.len()));
    Some(match (&differ[..], &equal[..]) {
        ([_], []) => return None,
        (_, []) => format!("{place}: all {all} tensors differ"),
        ([_], _) => format!("{place}: 1 of {all} tensors differs"),
        _ => {
            let kind = kind(&differ, &equal).map_or(String::new(), |kind| format!(", {kind}"));
            format!("{place}: {some} of {all} tensors differ{kind}")
        }
    })
}

/// A tensor of the phase.
struct Tensor<'s> {
    key: &'s str,
    /// The last word of its name, such as `bias`, `exp_avg`.
    word: &'s str,
    dimensions: usize,
}

impl<'s> Tensor<'s> {
    fn of(selection: &'s Selection<'_>, at: usize) -> Self {
        let key = selection.key(at);
        let [actual, expected] = selection.forms(at);
        let form = expected.or(actual);
        let dimensions = form.map_or(0, |(_, shape)| shape.len());
        Self { key, word: key.rsplit(['.', '/']).next().unwrap_or(key), dimensions }
    }
}

/// What those that differ have in common, and those that are equal do not.
fn kind(differ: &[&Tensor<'_>], equal: &[&Tensor<'_>]) -> Option<String> {
    let common = |of: fn(&Tensor<'_>) -> String| {
        let first = of(differ.first()?);
        let all = differ.iter().all(|tensor| of(tensor) == first);
        (all && equal.iter().any(|tensor| of(tensor) != first)).then_some(first)
    };
    let word = common(|tensor| tensor.word.to_owned()).map(|word| match &*word {
        "bias" => "all biases".to_owned(),
        "weight" => "all weights".to_owned(),
        other => format!("all {other}"),
    });
    let dimensions = || common(|tensor| tensor.dimensions.to_string());
    word.or_else(|| {
        dimensions().map(|n| format!("all of {n} dimension{}", if n == "1" { "" } else { "s" }))
    })
}
