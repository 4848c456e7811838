//! What a comparison came to: one list of differences, and what follows from it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::difference::{Difference, What};
use super::{Options, Sides, Tally, Tolerance};
use crate::text::as_number;
use parity_record::Key;

/// The first tensor that differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct First<'a> {
    /// `series/step/phase/name`, where the trace is one of ours.
    pub key: &'a Key,
    /// How far apart the first two values that differ are, in units in the last
    /// place; none where a tensor is missing, has another shape, or is NaN.
    pub ulps: Option<u64>,
}

/// The largest differences of a phase in a step, over all series; of a table, of a
/// column in a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// The phase; of a record of other origin "other"; of a table the column.
    pub phase: String,
    /// 0 is before training. Rows begin at 1, behind the header.
    pub step: usize,
    /// The largest absolute difference of two numbers.
    #[serde(serialize_with = "as_number")]
    pub max_abs: f64,
    /// The largest distance in units in the last place.
    pub max_ulps: u64,
}

/// What two records, or two tables, have in common, and where they part.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the two sides are called: the actual one, then the expected one.
    pub sides: Sides,
    /// The settings that differ: name and both values. With other settings
    /// nothing is compared.
    pub(super) settings: Vec<(String, [String; 2])>,
    pub(super) noun: Noun,
    pub(super) tolerance: Option<Tolerance>,
    /// Whether a side has digests in place of values.
    pub(super) digests: bool,
    /// Whether some keys have a tolerance of their own.
    pub(super) per_key: bool,
    pub(super) step_word: String,
    /// What options changed or left out, a line each.
    pub(super) notes: Vec<String>,
    /// Phases or columns, in their order.
    pub(super) groups: Vec<Group>,
    pub(super) series: BTreeMap<String, Series>,
    /// What has other bits, in the order of events.
    pub(super) differences: Vec<Difference>,
    /// The smallest atol with rtol 0, and rtol with atol 0, that pass; none where
    /// none does.
    pub(super) needed: [Option<Tolerance>; 2],
    /// What else differs in the phase and the step of the first divergence.
    pub(super) beside: Option<String>,
    /// The largest size of a value of either side, where something differs.
    pub(super) largest: f64,
    /// Whether both runs went on from the same values after each step.
    pub(super) resynced: bool,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// Of records.
    Tensor,
    /// Of tables.
    Cell,
}

/// A phase or a column, and how much of it was compared.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub name: String,
    pub tensors: usize,
    pub values: usize,
}

impl Group {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), tensors: 0, values: 0 }
    }
}

/// How far a series goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// Steps from 1 on that either side has.
    pub steps: usize,
    /// Those in which something differs.
    pub wrong: usize,
    /// The last step of each side.
    pub ends: [Option<usize>; 2],
}

impl Report {
    pub(super) fn new(sides: Sides, noun: Noun, options: &Options) -> Self {
        Self {
            sides,
            settings: Vec::new(),
            noun,
            tolerance: options.tolerance,
            digests: false,
            per_key: !(options.rtol.is_empty() && options.atol.is_empty()),
            step_word: match noun {
                Noun::Tensor => options.step_word.clone(),
                Noun::Cell => "row".to_owned(),
            },
            notes: Vec::new(),
            groups: Vec::new(),
            series: BTreeMap::new(),
            differences: Vec::new(),
            needed: [None; 2],
            beside: None,
            largest: 0.0,
            resynced: false,
        }
    }

    /// Says that after each step both runs went on from the same values, so that
    /// the report tells each step's own errors from inherited ones.
    #[must_use]
    pub fn resynced(self) -> Self {
        Self { resynced: true, ..self }
    }

    /// Puts values in place of digests as far as `detail` has them, which compares values
    /// of the same runs. Returns false where it does not have the first divergence.
    pub fn fill_in_values(&mut self, detail: &Self) -> bool {
        let known = detail.failing().map(|difference| (&difference.key, &difference.what));
        let known: BTreeMap<_, _> = known.collect();
        for Difference { key, what, .. } in &mut self.differences {
            if let (What::Digest { .. }, Some(&values)) = (&*what, known.get(key)) {
                *what = values.clone();
            }
        }
        self.failing().next().is_none_or(|first| known.contains_key(&first.key))
    }

    /// Adds a line to what the report says above its verdict.
    pub fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    /// All that has other bits, in the order of events.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// What does not pass, in the order of events.
    pub fn failing(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| !difference.passes)
    }

    /// The first tensor that differs, in the order of events.
    pub fn first(&self) -> Option<First<'_>> {
        self.failing().next().map(|Difference { key, what, .. }| First {
            key,
            ulps: match what {
                What::Values(values) => values.ulps,
                _ => None,
            },
        })
    }

    /// The smallest atol with rtol 0, and the smallest rtol with atol 0, that let
    /// everything pass; each was tried. None where none does, or all passes.
    pub fn needed(&self) -> [Option<Tolerance>; 2] {
        self.needed
    }

    /// Of a series, the steps from 1 on in which everything is equal, and all.
    pub fn steps_equal(&self, series: &str) -> (usize, usize) {
        self.series.get(series).map_or((0, 0), |series| (series.steps - series.wrong, series.steps))
    }

    /// Of all series, the steps from 1 on in which something differs, and all.
    pub fn steps_wrong(&self) -> (usize, usize) {
        let sum = |(wrong, all), series: &Series| (wrong + series.wrong, all + series.steps);
        self.series.values().fold((0, 0), sum)
    }

    /// Sets the list of differences, in the order of events.
    pub(super) fn set_differences(&mut self, differences: Vec<Difference>) {
        let failing = differences.iter().filter(|difference| !difference.passes);
        let places = failing.filter_map(|difference| difference.key.place());
        // Those of a step need not stand together: an end comes behind all steps.
        let mut steps: Vec<_> = places.map(|place| (place.series, place.step)).collect();
        steps.sort_unstable();
        steps.dedup();
        for (name, _) in steps.into_iter().filter(|(_, step)| *step > 0) {
            if let Some(series) = self.series.get_mut(name) {
                series.wrong += 1;
            }
        }
        self.differences = differences;
    }

    /// By phase, in the order of events; of a table, by column.
    pub fn phases(&self) -> Vec<(String, Tally)> {
        let tally = |Group { name, tensors, values }: &Group| {
            let (tensors, values) = (*tensors, *values);
            let tally = Tally { tensors, tensors_equal: tensors, values, ..Tally::default() };
            (name.clone(), Tally { values_equal: values, ..tally })
        };
        let mut tallies: Vec<_> = self.groups.iter().map(tally).collect();
        for (difference, local) in self.differences.iter().zip(self.local()) {
            tallies[difference.group].1.count(difference, local);
        }
        tallies
    }

    /// The sum over all phases.
    pub fn total(&self) -> Tally {
        self.phases().iter().fold(Tally::default(), |mut total, (_, tally)| {
            total.add(tally);
            total
        })
    }

    /// For each difference whether it is of the phase in which its step first
    /// differs.
    fn local(&self) -> Vec<bool> {
        let mut origin = None;
        let mut local = Vec::with_capacity(self.differences.len());
        for difference in &self.differences {
            // Those of a step stand together.
            let step = difference.key.place().map(|place| (place.series, place.step));
            if !difference.passes && origin.is_none_or(|(before, _)| before != step) {
                origin = Some((step, difference.group));
            }
            local.push(!difference.passes && origin == Some((step, difference.group)));
        }
        local
    }

    /// The largest differences by phase and step, in the order of phases and
    /// steps, where there are any: for a plot of whether they grow.
    pub fn growth(&self) -> Vec<Growth> {
        let mut growth = BTreeMap::new();
        for difference in &self.differences {
            let What::Values(values) = &difference.what else { continue };
            let place = (difference.group, difference.step);
            let (abs, ulps) = growth.entry(place).or_insert((0_f64, 0_u64));
            *abs = abs.max(values.max_abs);
            *ulps = (*ulps).max(values.max_ulps);
        }
        let row = |((group, step), (max_abs, max_ulps)): ((usize, usize), _)| Growth {
            phase: self.groups[group].name.clone(),
            step,
            max_abs,
            max_ulps,
        };
        growth.into_iter().map(row).collect()
    }

    /// The last step that either side has.
    pub fn last_step(&self) -> usize {
        self.series.values().flat_map(|series| series.ends).flatten().max().unwrap_or(0)
    }
}
