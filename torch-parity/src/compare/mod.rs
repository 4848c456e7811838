//! Two traces -> report. Pure: no files, no processes, no printing.

mod tally;
mod tolerance;
mod value;
mod words;

use std::collections::BTreeMap;

pub use tally::Tally;
pub use tolerance::Tolerance;
pub use value::Value;
pub use words::{tally_table, verdict_line};

use crate::trace::{About, Array, Key, Trace};

/// What the comparison came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every value has the same bits.
    Exact,
    /// A tolerance was given, and every value is within it.
    WithinTolerance,
    /// Something differs.
    Diverged,
}

/// How one tensor differs.
#[derive(Clone, Debug, PartialEq)]
enum Difference {
    /// Only the named side has it.
    OnlyIn(usize),
    Dtype([String; 2]),
    Shape([Vec<usize>; 2]),
    /// The first value that differs.
    Value {
        index: Vec<usize>,
        values: [Value; 2],
    },
}

/// The first tensor that differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct First<'a> {
    /// `series/step/phase/name`, where the trace is one of ours.
    pub key: &'a Key,
    /// How far apart the first two values that differ are, in units in the last
    /// place; none where a tensor is missing, has another shape, or is NaN.
    pub ulps: Option<u64>,
}

/// What two traces have in common, and where they part.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the two sides are called: the actual one, then the expected one.
    pub sides: [String; 2],
    /// The settings that differ: name and both values. With other settings
    /// nothing is compared.
    settings: Vec<(String, [String; 2])>,
    tolerance: Option<Tolerance>,
    first: Option<(Key, Difference)>,
    /// Whether both runs went on from the same values after each step.
    resynced: bool,
    /// The last step in which something differed, and the first phase of it
    /// that did.
    origin: Option<[String; 2]>,
    /// By phase, in the order of events.
    pub phases: Vec<(String, Tally)>,
    /// By series and step.
    steps: BTreeMap<(String, usize), Tally>,
    /// The smallest atol (with rtol 0) and rtol (with atol 0) that pass; none
    /// where no tolerance does.
    needed: Option<Tolerance>,
}

/// Compares `actual` with `expected`, bit for bit unless a tolerance is given.
pub fn compare(
    sides: [&str; 2],
    actual: &Trace,
    expected: &Trace,
    tolerance: Option<Tolerance>,
) -> Report {
    let mut report = Report {
        sides: sides.map(str::to_owned),
        settings: different_settings(&actual.about, &expected.about),
        tolerance,
        first: None,
        resynced: false,
        origin: None,
        phases: Vec::new(),
        steps: BTreeMap::new(),
        needed: Some(Tolerance { rtol: 0.0, atol: 0.0 }),
    };
    if report.settings.is_empty() {
        let mut keys: Vec<_> = actual.tensors.keys().collect();
        keys.extend(expected.tensors.keys().filter(|&key| !actual.tensors.contains_key(key)));
        let order = actual.about.order_with(&expected.about);
        order.sort(&mut keys);
        for key in keys {
            report.add(key, actual.tensors.get(key), expected.tensors.get(key));
        }
        report.phases.sort_by_key(|(phase, _)| order.phase(phase));
    }
    report
}

/// The settings in which two runs differ. Traces that say nothing of their
/// settings are compared as they are.
fn different_settings(a: &About, b: &About) -> Vec<(String, [String; 2])> {
    if a.settings.is_empty() || b.settings.is_empty() {
        return Vec::new();
    }
    let mut settings = [a, b].map(|about| {
        let mut all = about.settings.clone();
        all.insert("experiment".to_owned(), about.experiment.clone());
        all
    });
    let names: Vec<_> = settings[0].keys().chain(settings[1].keys()).cloned().collect();
    let mut different: Vec<_> = names
        .into_iter()
        .map(|name| {
            let values = settings.each_mut().map(|all| all.remove(&name).unwrap_or_default());
            (name, values)
        })
        .filter(|(_, [a, b])| a != b)
        .collect();
    different.sort();
    different
}

impl Report {
    /// What it came to.
    pub fn verdict(&self) -> Verdict {
        match (self.settings.is_empty() && self.first.is_none(), self.tolerance) {
            (true, None) => Verdict::Exact,
            (true, Some(_)) => Verdict::WithinTolerance,
            (false, _) => Verdict::Diverged,
        }
    }

    /// Says that after each step both runs went on from the same values, so that
    /// the report tells each step's own errors from inherited ones.
    #[must_use]
    pub fn resynced(self) -> Self {
        Self { resynced: true, ..self }
    }

    /// The first tensor that differs, in the order of events.
    pub fn first(&self) -> Option<First<'_>> {
        self.first.as_ref().map(|(key, difference)| First {
            key,
            ulps: match difference {
                Difference::Value { values: [x, y], .. } => x.ulps(*y),
                _ => None,
            },
        })
    }

    /// Of a series, the steps from 1 on in which everything is equal, and all.
    pub fn steps_equal(&self, series: &str) -> (usize, usize) {
        let steps = self.steps.range((series.to_owned(), 1)..=(series.to_owned(), usize::MAX));
        steps.fold((0, 0), |(equal, all), (_, tally)| {
            (equal + usize::from(tally.tensors_equal == tally.tensors), all + 1)
        })
    }

    /// Of all series, the steps from 1 on in which something differs, and all.
    pub fn steps_wrong(&self) -> (usize, usize) {
        let steps = self.steps.iter().filter(|((_, step), _)| *step > 0);
        steps.fold((0, 0), |(wrong, all), (_, tally)| {
            (wrong + usize::from(tally.tensors_equal < tally.tensors), all + 1)
        })
    }

    /// The sum over all phases.
    pub fn total(&self) -> Tally {
        self.phases.iter().fold(Tally::default(), |mut total, (_, tally)| {
            total.add(tally);
            total
        })
    }

    /// Counts the tensor `key` in, and remembers it if it is the first to differ.
    fn add(&mut self, key: &Key, actual: Option<&Array>, expected: Option<&Array>) {
        let mut tally = Tally { tensors: 1, ..Tally::default() };
        let difference = match (actual, expected) {
            (Some(a), Some(b)) if a.dtype() != b.dtype() => {
                Some(Difference::Dtype([a, b].map(|array| array.dtype().to_string())))
            }
            (Some(a), Some(b)) if a.shape() != b.shape() => {
                Some(Difference::Shape([a, b].map(|array| array.shape().to_vec())))
            }
            (Some(a), Some(b)) => self.add_values(a, b, &mut tally),
            (None, _) => Some(Difference::OnlyIn(1)),
            (_, None) => Some(Difference::OnlyIn(0)),
        };
        if matches!(
            difference,
            Some(Difference::OnlyIn(_) | Difference::Dtype(_) | Difference::Shape(_))
        ) {
            self.needed = None;
        }
        tally.tensors_equal = usize::from(difference.is_none());

        let place = key.place();
        let phase = place.map_or("other", |place| place.phase);
        if difference.is_some() {
            // Keys come in the order of events, those of a step together.
            let here = place.map_or(String::new(), |at| format!("{}/{}", at.series, at.step));
            if self.origin.as_ref().is_none_or(|[origin, _]| *origin != here) {
                self.origin = Some([here, phase.to_owned()]);
            }
            tally.local = usize::from(self.origin.as_ref().is_some_and(|[_, p]| p == phase));
        }
        match self.phases.iter_mut().find(|(name, _)| name == phase) {
            Some((_, sum)) => sum.add(&tally),
            None => self.phases.push((phase.to_owned(), tally.clone())),
        }
        if let Some(place) = place {
            self.steps.entry((place.series.to_owned(), place.step)).or_default().add(&tally);
        }
        if self.first.is_none() {
            self.first = difference.map(|difference| (key.clone(), difference));
        }
    }

    /// Counts the values of two arrays of the same dtype and shape.
    fn add_values(&mut self, a: &Array, b: &Array, tally: &mut Tally) -> Option<Difference> {
        let width = a.dtype().bitsize() / 8;
        tally.values = a.bytes().len() / width;
        if a.bytes() == b.bytes() && self.tolerance.is_none() {
            tally.values_equal = tally.values;
            return None;
        }
        let mut first = None;
        for (i, (x, y)) in a.bytes().chunks(width).zip(b.bytes().chunks(width)).enumerate() {
            let values = [x, y].map(|bytes| Value::new(a.dtype(), bytes));
            if self.value_passes(values, tally) {
                tally.values_equal += 1;
            } else if first.is_none() {
                first = Some(Difference::Value { index: index(i, a.shape()), values });
            }
        }
        first
    }

    /// Whether two values are equal, or close enough where a tolerance is given.
    fn value_passes(&mut self, [x, y]: [Value; 2], tally: &mut Tally) -> bool {
        let equal = x == y;
        let (Some(actual), Some(expected)) = (x.number(), y.number()) else {
            // Of a dtype whose numbers are not known: by bits only.
            self.needed = self.needed.filter(|_| equal);
            return equal;
        };
        // Whole numbers may be too large for f64 to tell them apart.
        let whole = x.ulps(y).filter(|_| x.is_whole());
        let distance = whole.map_or((actual - expected).abs(), |apart| apart as f64);
        if self.tolerance.is_some() && distance.is_nan() && actual != expected {
            self.needed = None; // NaN passes no tolerance, whatever its bits
        }
        if !equal {
            tally.max_ulps = tally.max_ulps.max(x.ulps(y).unwrap_or(0));
            tally.max_abs = tally.max_abs.max(distance);
            self.needed = match self.needed {
                _ if distance == 0.0 => self.needed, // -0 and +0
                Some(needed) if distance.is_finite() => Some(Tolerance {
                    rtol: needed.rtol.max((distance / expected.abs()).next_up()),
                    atol: needed.atol.max(distance),
                }),
                _ => None,
            };
        }
        match self.tolerance {
            None => equal,
            Some(tolerance) if whole.is_some() => tolerance.allows_distance(distance, expected),
            Some(tolerance) => tolerance.allows(actual, expected),
        }
    }
}

/// The index along each dimension of the `i`th value in row-major order.
fn index(mut i: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<_> = shape
        .iter()
        .rev()
        .map(|n| {
            let along = i % n;
            i /= n;
            along
        })
        .collect();
    index.reverse();
    index
}
