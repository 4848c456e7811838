//! What only one side has, where that has a simple reason: a series that is called
//! otherwise, buffers that a port does not record.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use parity_record::{Place, SHARED};

use super::selection::Selection;
use crate::text::{counted, escaped, thousands};

/// How many series of a side are named.
const MOST: usize = 3;

/// A tensor's step, phase and shape.
type Form<'a> = (usize, &'a str, Vec<usize>);

/// In lines: the series that only one side has, where each side has some, and under
/// which flag those are one that have the same parameters in the same steps.
pub(super) fn called_otherwise(
    names: [&str; 2],
    selection: &Selection<'_>,
    shapes: bool,
) -> Vec<String> {
    let lone = lone_series(selection);
    if lone.iter().any(BTreeMap::is_empty) {
        return Vec::new();
    }
    let mut lines: Vec<_> =
        names.iter().zip(&lone).map(|(side, series)| only(side, series)).collect();
    if shapes {
        lines.extend(pairs(selection, &lone).into_iter().take(MOST).map(|[a, e]| {
            let flag =
                format!("^{}/={}/", regex::escape(a).replace('=', "\\x3d"), e.replace('$', "$$"));
            let flag = shlex::try_quote(&flag).map_or_else(|_| flag.clone(), Into::into);
            format!("{} looks like {}: try --rename {}", escaped(a), escaped(e), escaped(&flag))
        }));
    }
    lines
}

/// "only port has the series net (30 tensors) and 2 more".
fn only(side: &str, series: &BTreeMap<&str, usize>) -> String {
    let named = series.iter().take(MOST);
    let named = named.map(|(name, n)| format!("{} ({})", escaped(name), counted(*n, "tensor")));
    let more = match series.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!(" and {} more", thousands(n)),
    };
    format!("only {side} has the series {}{more}", named.collect::<Vec<_>>().join(", "))
}

/// Of each side the series that the other does not have, and how many tensors.
fn lone_series<'s>(selection: &'s Selection<'_>) -> [BTreeMap<&'s str, usize>; 2] {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (at, pair) in selection.pairs.iter().enumerate() {
        let Some(place) = Place::of(selection.key(at)) else { continue };
        let counts = counts.entry(place.series).or_default();
        counts.iter_mut().zip(pair.sides).for_each(|(n, side)| *n += usize::from(side.is_some()));
    }
    counts.remove(SHARED);
    let lone = |side: usize| {
        let lone = counts.iter().filter(|(_, counts)| counts[1 - side] == 0);
        lone.map(|(name, counts)| (*name, counts[side])).collect()
    };
    [lone(0), lone(1)]
}

/// Those that have the same parameters in the same steps, and no other series has.
fn pairs<'s>(
    selection: &'s Selection<'_>,
    lone: &[BTreeMap<&'s str, usize>; 2],
) -> Vec<[&'s str; 2]> {
    let mut forms: [BTreeMap<&str, Vec<Form<'_>>>; 2] = Default::default();
    for at in 0..selection.pairs.len() {
        let Some(place) = Place::of(selection.key(at)) else { continue };
        let Some(side) = lone.iter().position(|lone| lone.contains_key(place.series)) else {
            continue;
        };
        let Some((_, shape)) = &selection.forms(at)[side] else { continue };
        if ["init", "grad", "param"].contains(&place.phase) {
            let form = (place.step, place.phase, shape.to_vec());
            forms[side].entry(place.series).or_default().push(form);
        }
    }
    let mut alike: HashMap<Vec<Form<'_>>, [Vec<&str>; 2]> = HashMap::new();
    for (side, forms) in forms.into_iter().enumerate() {
        for (series, mut forms) in forms {
            forms.sort();
            alike.entry(forms).or_default()[side].push(series);
        }
    }
    let one_to_one = alike.into_values().filter_map(|[a, e]| match (&a[..], &e[..]) {
        (&[a], &[e]) => Some([a, e]),
        _ => None,
    });
    let mut pairs: Vec<_> = one_to_one.collect();
    pairs.sort_unstable();
    pairs
}

/// In lines: which buffers of the expected side the actual one lacks.
pub(super) fn forgotten_buffers([a, _]: [&str; 2], selection: &Selection<'_>) -> Vec<String> {
    let mut parameters: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut known = parameters.clone(); // what the port has of any step
    let mut states: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (at, pair) in selection.pairs.iter().enumerate() {
        let Some(place) = Place::of(selection.key(at)) else { continue };
        match (place.phase, pair.sides) {
            ("grad" | "param", [Some(_), _]) => {
                parameters.entry(place.series).or_default().insert(place.name);
            }
            ("init" | "state", [Some(_), _]) => {
                known.entry(place.series).or_default().insert(place.name);
            }
            ("init" | "state", [None, Some(_)]) => {
                states.entry(place.series).or_default().insert(place.name);
            }
            _ => {}
        }
    }
    let line = |(series, names): (&str, BTreeSet<&str>)| {
        // A series that the port does not have at all lacks more than buffers.
        let parameters = parameters.get(series)?;
        let is_known = |name: &str| known.get(series).is_some_and(|names| names.contains(name));
        let is_buffer = |name: &&str| {
            let ends = name.match_indices('.').map(|(end, _)| end);
            let is_state = ends.chain([name.len()]).any(|end| parameters.contains(&name[..end]));
            !is_state && !is_known(name)
        };
        let buffers: Vec<_> = names.into_iter().filter(is_buffer).collect();
        let first = escaped(buffers.first()?);
        let such_as = if buffers.len() > 1 { "such as " } else { "" };
        let count = counted(buffers.len(), "buffer");
        let series = escaped(series);
        Some(format!(
            "{a} lacks {count} of {series}, {such_as}{first}: a port records them by series.buffers"
        ))
    };
    states.into_iter().filter_map(line).take(MOST).collect()
}
