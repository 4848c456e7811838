//! Two records, tensor by tensor.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use indexmap::IndexMap;

use super::around::around;
use super::beside::beside;
use super::blocks::Blocks;
use super::difference::{self, Difference, PassRule, What, hex};
use super::groups::set_otherwise_words;
use super::lone::{called_otherwise, forgotten_buffers};
use super::needed::Needed;
use super::options::Options;
use super::report::{Group, Noun, Report, Series};
use super::selection::{Selection, select};
use super::side::Side;
use super::{Sides, Tolerance};
use parity_record::parallel;
use parity_record::{About, Key, Order, Place, Trace, is_chosen_seed, parted};

/// Compares `actual` with `expected`, bit for bit unless `options` give a
/// tolerance.
///
/// Fails where there is nothing to compare, where two keys are renamed into one,
/// and where a tolerance is no number from 0 on.
pub fn compare(
    sides: Sides,
    actual: &Trace,
    expected: &Trace,
    options: &Options,
) -> Result<Report> {
    compare_sides(sides, [actual.into(), expected.into()], options, parallel::cores())
}

/// Compares two records in memory or on disk by so many threads; the report does
/// not depend on their number.
pub(super) fn compare_sides(
    names: Sides,
    sides: [Side<'_>; 2],
    options: &Options,
    threads: usize,
) -> Result<Report> {
    options.check()?;
    let mut report = Report::new(names, Noun::Tensor, options);
    let about = sides.each_ref().map(Side::about);
    report.settings = different_settings(about[0], about[1]);
    if !report.settings.is_empty() {
        return Ok(report);
    }
    report.digests = about.iter().any(|about| about.digest.is_some());
    if report.digests {
        options.check_for_digests()?;
    }
    let (selection, notes) = select(names, sides, options)?;
    let partial = names.iter().zip(about).filter_map(|(side, about)| {
        about.partial.as_ref().map(|why| format!("{side} is partial: {why}"))
    });
    let lacks = names.iter().zip(about).flat_map(|(side, about)| {
        about.lacks.iter().flat_map(move |line| folded(&format!("of {side}, {line}")))
    });
    report.notes = set_otherwise_words(names, about);
    report.notes.extend(partial.chain(lacks).chain(notes));
    let lone = called_otherwise(names, &selection, !report.digests).into_iter();
    let lone = lone.chain(forgotten_buffers(names, &selection));
    report.notes.extend(lone.flat_map(|line| folded(&line)));
    let order = Order::of(&about);
    let groups = count(&selection, &mut report, &order);
    let (found, needed, largest) = differences(names, &selection, options, threads)?;
    (report.needed, report.largest) = (needed, largest);
    let found = found.into_iter().map(|(at, mut what, passes)| {
        let key = Key::from(selection.key(at));
        let (phase, step) = key.place().map_or((OTHER, 0), |place| (place.phase, place.step));
        if let (What::OnlyIn { side, other_ends }, Some(place)) = (&mut what, key.place()) {
            let other = usize::from(*side == names[0]);
            let end = report.series[place.series].ends[other];
            *other_ends = end.filter(|end| *end < place.step);
        }
        let group = groups.get_index_of(phase).expect("each was counted");
        Difference { group, step, key, what, passes, count: 1 }
    });
    let mut found: Vec<_> = found.collect();
    // Those of one rank stay in the order of keys.
    found.sort_by_cached_key(|found| order.rank(&found.key).0);
    report.set_differences(found);
    report.beside = beside(&selection, &report);
    if let Some(first) = report.differences.iter_mut().find(|difference| !difference.passes) {
        if let What::Values(values) = &mut first.what {
            values.around = around(&selection, &first.key, values)?;
        }
        report.notes.extend(drawn_otherwise(names, about, &order, &first.key));
        report.notes.extend(seeded_otherwise(names, about).iter().flat_map(|line| folded(line)));
    }
    report.groups = groups.into_values().collect();
    Ok(report)
}

/// A line in two, where it is too long for one.
fn folded(line: &str) -> Vec<String> {
    match line.split_once(": ") {
        Some((what, why)) if line.chars().count() > 80 => {
            vec![format!("{what}:"), format!("  {why}")]
        }
        _ => vec![line.to_owned()],
    }
}

/// That the generators of random numbers parted before the first divergence did, or
/// in the same step.
fn drawn_otherwise(
    names: [&str; 2],
    [actual, expected]: [&About; 2],
    order: &Order,
    first: &Key,
) -> Option<String> {
    let (series, step) = parted(actual, expected)?;
    let at = Key::new(series, step, "", "");
    let [parted, diverged] = [&at, first].map(|key| {
        let ([event, step, ..], _) = order.rank(key);
        [event, step]
    });
    let when = match step {
        1 => format!("by the end of step 1 of {series}"),
        _ => format!("between steps {} and {step} of {series}", step - 1),
    };
    let [a, e] = names;
    (parted <= diverged).then(|| format!("{a} and {e} drew different random numbers {when}"))
}

/// That the two runs of a series have different seeds.
fn seeded_otherwise([a, e]: [&str; 2], [actual, expected]: [&About; 2]) -> Option<String> {
    let [x, y] = actual.models.iter().find_map(|model| {
        let same = expected.models.iter().find(|it| it.series == model.series)?;
        Some([model.seed?, same.seed?]).filter(|[x, y]| x != y)
    })?;
    let set = match [x, y].map(is_chosen_seed) {
        [true, true] => "set the same in both".to_owned(),
        [false, false] => "nobody set them, it seems: set one in both".to_owned(),
        [set, _] => format!("{} sets none, it seems: set the other's", if set { e } else { a }),
    };
    Some(format!("{a} and {e} have different seeds, {x} and {y}: {set}"))
}

/// The phase of a key of other origin.
pub const OTHER: &str = "other";

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
fn count(selection: &Selection<'_>, report: &mut Report, order: &Order) -> IndexMap<String, Group> {
    let mut groups: IndexMap<String, Group> = IndexMap::new();
    let mut last = (String::new(), usize::MAX);
    for (at, pair) in selection.pairs.iter().enumerate() {
        let place = Place::of(selection.key(at));
        let phase = place.map_or(OTHER, |place| place.phase);
        if !groups.contains_key(phase) {
            groups.insert(phase.to_owned(), Group::new(phase));
        }
        let group = groups.get_mut(phase).expect("it was added");
        group.tensors += 1;
        let forms = selection.forms(at);
        if let ([Some(_), Some(e)], [Some(a), Some(form)]) = (pair.sides, &forms)
            && a == form
        {
            group.values += selection.sides[1].values(e);
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
        let ends = series.ends.iter_mut().zip(pair.sides.map(|side| side.is_some()));
        for (end, _) in ends.filter(|(_, has)| *has) {
            *end = (*end).max(Some(place.step));
        }
    }
    groups.sort_by_cached_key(|phase, _| order.phase(phase));
    groups
}

/// What differs: the place of the pair, how, and whether it passes.
type Found = (usize, What, bool);

/// What differs, in the order of pairs; the tolerances that would let it pass; and
/// how large the largest value is where something differs.
fn differences(
    names: Sides,
    selection: &Selection<'_>,
    options: &Options,
    threads: usize,
) -> Result<(Vec<Found>, [Option<Tolerance>; 2], f64)> {
    let (mut found, mut same_form, mut by_digest) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..selection.pairs.len() {
        match form_differs(names, selection, at) {
            Some(what) => found.push((at, what, false)),
            None if selection.has_digest(at) => by_digest.push(at),
            None => same_form.push(at as u32),
        }
    }
    let digests = parallel::map(
        by_digest.len(),
        threads,
        || (),
        |(), i| {
            let [actual, expected] = selection.digests(by_digest[i])?;
            let both = || [hex(&actual), hex(&expected)];
            anyhow::Ok((actual != expected).then(|| What::Digest { digests: both() }))
        },
    )?;
    let differing = by_digest.iter().zip(digests);
    found.extend(differing.filter_map(|(at, what)| Some((*at, what?, false))));
    let structure = found.len();
    let blocks = Blocks::new(selection, same_form, threads);
    let parts = blocks.map(|(found, needed): &mut (Vec<_>, Needed), piece| {
        let rule = pass_rule(selection.key(piece.at), options);
        needed.equal_nan = options.equal_nan;
        found.extend(
            difference::of(&piece, rule, needed).map(|values| (piece.at, Box::new(values))),
        );
    })?;
    let needed = parts.iter().fold(Needed::none(options.equal_nan), |all, part| all.and(part.1));
    let mut parts: Vec<_> = parts.into_iter().flat_map(|(found, _)| found).collect();
    parts.sort_by_key(|(at, _)| *at); // stable: parts of a tensor stay in their order
    parts.dedup_by(|(at, part), (before, all)| {
        let same = at == before;
        if same {
            all.join(part);
        }
        same
    });
    found.extend(parts.into_iter().map(|(at, mut values)| {
        let (expected, passes) = (selection.both(at)[1], values.failing == 0);
        let size = selection.sides[1].size(expected);
        values.unravel(size, selection.sides[1].form(expected));
        (at, What::Values(values), passes)
    }));
    found.sort_by_key(|(at, ..)| *at);
    let all_pass = found.iter().all(|(_, _, passes)| *passes);
    let alone = if all_pass || structure > 0 { [None; 2] } else { passing(&blocks, needed)? };
    Ok((found, alone, needed.largest))
}

/// How a pair differs other than by its values.
fn form_differs(names: Sides, selection: &Selection<'_>, at: usize) -> Option<What> {
    let [actual, expected] = selection.forms(at);
    let (Some((dtype, shape)), Some((other_dtype, other_shape))) = (&actual, &expected) else {
        let side = names[usize::from(actual.is_none())];
        return Some(What::OnlyIn { side, other_ends: None });
    };
    if dtype != other_dtype {
        return Some(What::Dtype { dtypes: [*dtype, *other_dtype] });
    }
    let both = || [shape, other_shape].map(|shape| shape.to_vec());
    (shape != other_shape).then(|| What::Shape { shapes: both() })
}

/// When the values of a pair pass.
fn pass_rule(key: &str, options: &Options) -> PassRule {
    // A regular expression is asked only where it matters.
    if options.is_tolerant() {
        PassRule { tolerance: options.tolerance(key), equal_nan: options.equal_nan }
    } else {
        PassRule { tolerance: None, equal_nan: false }
    }
}

/// The tolerances of `needed` that do let all pairs pass, by the same function as
/// any other: they are tried.
fn passing(blocks: &Blocks<'_, '_>, needed: Needed) -> Result<[Option<Tolerance>; 2]> {
    let equal_nan = needed.equal_nan;
    let alone = needed.alone();
    let fails = [false; 2].map(AtomicBool::new);
    blocks.map(|(): &mut (), piece| {
        for (tolerance, fails) in alone.iter().zip(&fails) {
            let rule = PassRule { tolerance: *tolerance, equal_nan };
            if tolerance.is_some() && !fails.load(Ordering::Relaxed) && !rule.pass(&piece) {
                fails.store(true, Ordering::Relaxed);
            }
        }
    })?;
    let [absolute, relative] = alone;
    let fails = fails.map(AtomicBool::into_inner);
    Ok([absolute.filter(|_| !fails[0]), relative.filter(|_| !fails[1])])
}
