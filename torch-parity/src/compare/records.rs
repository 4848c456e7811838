//! Two records, tensor by tensor.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;
use indexmap::IndexMap;

use super::Tolerance;
use super::difference::{self, Difference, How, What};
use super::needed::Needed;
use super::options::Options;
use super::report::{Group, Noun, Report, Series};
use super::selection::{Pair, select};
use crate::trace::{About, Array, Order, Trace};

/// Compares `actual` with `expected`, bit for bit unless `options` give a
/// tolerance.
///
/// Fails where there is nothing to compare, where two keys are renamed into one,
/// and where a tolerance is no number from 0 on.
pub fn compare(
    sides: [&str; 2],
    actual: &Trace,
    expected: &Trace,
    options: &Options,
) -> Result<Report> {
    options.check()?;
    let mut report = Report::new(sides, Noun::Tensor, options);
    report.settings = different_settings(&actual.about, &expected.about);
    if !report.settings.is_empty() {
        return Ok(report);
    }
    report.digests = [actual, expected].iter().any(|trace| trace.about.digest.is_some());
    if report.digests {
        options.check_for_digests()?;
    }
    let (pairs, notes) = select(sides, actual, expected, options)?;
    let partial = sides.iter().zip([actual, expected]).filter_map(|(side, trace)| {
        trace.about.partial.as_ref().map(|why| format!("{side} is partial: {why}"))
    });
    report.notes = partial.chain(notes).collect();
    let (found, needed) = differences(&pairs, options);
    if found.iter().any(|(_, _, passes)| !passes) {
        report.needed = passing(&pairs, needed);
    }
    let order = Order::of(&[&actual.about, &expected.about]);
    let groups = count(&pairs, &mut report, &order);
    let phase = |key: &crate::trace::Key| {
        groups.get_index_of(key.place().map_or(OTHER, |place| place.phase))
    };
    let found = found.into_iter().map(|(at, what, passes)| {
        let key = pairs[at].key.clone().into_owned();
        Difference { group: phase(&key).expect("each was counted"), key, what, passes, count: 1 }
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_cached_key(|found| {
        let (series, step, phase, name, key) = order.rank(&found.key);
        (series, step, phase, name, key.to_owned())
    });
    report.take(found);
    report.groups = groups.into_values().collect();
    Ok(report)
}

/// The phase of a key of other origin.
pub(super) const OTHER: &str = "other";

/// The settings in which two runs differ. Traces that say nothing of their
/// settings are compared as they are.
fn different_settings(a: &About, b: &About) -> Vec<(String, [String; 2])> {
    if a.settings.is_empty() || b.settings.is_empty() {
        return Vec::new();
    }
    let of = |about: &About, name: &str| match name {
        "experiment" => about.experiment.clone(),
        _ => about.settings.get(name).cloned().unwrap_or_default(),
    };
    let names: BTreeSet<&str> = [a, b]
        .into_iter()
        .flat_map(|about| about.settings.keys())
        .map(String::as_str)
        .chain(["experiment"])
        .collect();
    let both = names.into_iter().map(|name| (name.to_owned(), [of(a, name), of(b, name)]));
    both.filter(|(_, [a, b])| a != b).collect()
}

/// Counts tensors and values by phase, and steps by series. Phases come in the
/// order of events.
fn count(pairs: &[Pair<'_>], report: &mut Report, order: &Order) -> IndexMap<String, Group> {
    let mut groups: IndexMap<String, Group> = IndexMap::new();
    let mut last = (String::new(), usize::MAX);
    for Pair { key, actual, expected } in pairs {
        let place = key.place();
        let phase = place.map_or(OTHER, |place| place.phase);
        if !groups.contains_key(phase) {
            groups.insert(phase.to_owned(), Group::new(phase));
        }
        let group = groups.get_mut(phase).expect("it was added");
        group.tensors += 1;
        if let (Some(a), Some(e)) = (actual, expected)
            && a.dtype() == e.dtype()
            && a.shape() == e.shape()
        {
            group.values += a.values();
        }
        // The keys of a series stand together, and those of a step.
        let Some(place) = place else { continue };
        if last.0 != place.series || last.1 != place.step {
            if !report.series.contains_key(place.series) {
                report.series.insert(place.series.to_owned(), Series::default());
            }
            let series = report.series.get_mut(place.series).expect("it was added");
            series.steps += usize::from(place.step > 0);
            if last.0 != place.series {
                place.series.clone_into(&mut last.0);
            }
            last.1 = place.step;
        }
        let series = report.series.get_mut(&last.0).expect("it was added");
        let ends = series.ends.iter_mut().zip([actual.is_some(), expected.is_some()]);
        for (end, _) in ends.filter(|(_, has)| *has) {
            *end = (*end).max(Some(place.step));
        }
    }
    groups.sort_by_cached_key(|phase, _| order.phase(phase));
    groups
}

/// What differs: the place of the pair, how, and whether it passes.
type Found = (usize, What, bool);

/// Compares all pairs, on all cores where that pays.
fn differences(pairs: &[Pair<'_>], options: &Options) -> (Vec<Found>, Needed) {
    let blocks = blocks(pairs);
    let next = AtomicUsize::new(0);
    let results = Mutex::new((Vec::new(), Needed::none(options.equal_nan)));
    let work = || {
        let (mut found, mut needed) = (Vec::new(), Needed::none(options.equal_nan));
        while let Some(range) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            for at in range.clone() {
                let outcome = outcome(&pairs[at], options, &mut needed);
                found.extend(outcome.map(|(what, passes)| (at, what, passes)));
            }
        }
        let mut results = results.lock().expect("no thread panics");
        results.0.extend(found);
        results.1 = results.1.and(needed);
    };
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(blocks.len()));
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more threads are to be had, those that there are do it.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let (mut found, needed) = results.into_inner().expect("no thread panicked");
    found.sort_by_key(|(at, ..)| *at);
    (found, needed)
}

/// Neighbouring pairs of some megabytes together.
fn blocks(pairs: &[Pair<'_>]) -> Vec<std::ops::Range<usize>> {
    let (mut blocks, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (i, pair) in pairs.iter().enumerate() {
        bytes += 64 + pair.expected.map_or(0, |array| array.bytes().len());
        if bytes > 8 << 20 {
            blocks.push(start..i + 1);
            (start, bytes) = (i + 1, 0);
        }
    }
    blocks.push(start..pairs.len());
    blocks
}

fn outcome(pair: &Pair<'_>, options: &Options, needed: &mut Needed) -> Option<(What, bool)> {
    let (Some(a), Some(e)) = (pair.actual.as_deref(), pair.expected) else {
        return Some((What::OnlyIn(usize::from(pair.actual.is_none())), false));
    };
    // A regular expression is asked only where it matters.
    let plain = How { tolerance: None, equal_nan: false };
    let how = if options.is_tolerant() {
        How { tolerance: options.tolerance(pair.key.as_str()), equal_nan: options.equal_nan }
    } else {
        plain
    };
    difference::of(a, e, how, needed)
}

/// The tolerances of `needed` that do let all pairs pass, by the same function as
/// any other: they are tried.
fn passing(pairs: &[Pair<'_>], needed: Needed) -> [Option<Tolerance>; 2] {
    needed.alone().map(|alone| {
        let how = How { tolerance: Some(alone?), equal_nan: needed.equal_nan };
        let passes = |a: &Cow<'_, Array>, e: &Array| {
            let outcome = difference::of(a, e, how, &mut Needed::none(needed.equal_nan));
            outcome.is_none_or(|(_, passes)| passes)
        };
        let all = pairs.iter().all(|pair| match (&pair.actual, pair.expected) {
            (Some(a), Some(e)) => passes(a, e),
            _ => false,
        });
        if all { alone } else { None }
    })
}
