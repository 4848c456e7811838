//! A report as plain data: what programs read, and what pages are made of.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::difference::{Difference, What};
use super::report::Noun;
use super::words::MOST_ROWS;
use super::{Growth, Nearby, Report, Tally, Tolerance, Value, Verdict};
use crate::text::{Number, counted, repr, thousands, thousands_u64};
use parity_record::Place;

/// A report as plain data, serialised under the names of its fields. Of what has
/// two sides, the actual one comes first.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What it came to.
    pub verdict: Verdict,
    /// The verdict in words, with the counts that it rests on.
    pub summary: String,
    /// What the two sides are called.
    pub sides: [String; 2],
    /// What is compared: `tensor` or `cell`.
    pub noun: &'static str,
    /// What a step is called.
    pub step_word: String,
    /// What lets values differ, where that is given for all.
    pub tolerance: Option<Tolerance>,
    /// Whether some keys have a tolerance of their own.
    pub tolerance_by_key: bool,
    /// The settings that differ, name and both values: then nothing is compared.
    pub other_settings: Vec<(String, [String; 2])>,
    /// What options changed or left out, a line each.
    pub notes: Vec<String>,
    /// Whether both runs went on from the same values after each step.
    pub resynced: bool,
    /// Whether a side has digests in place of values: then what values differ by is
    /// not known, but of the step that was told by values.
    pub digests: bool,
    /// The sum over all phases.
    pub total: Tally,
    /// By phase, in the order of events; of a table, by column.
    pub phases: Vec<Phase>,
    /// By series: steps from 1 on.
    pub series: Vec<Steps>,
    /// The first in the order of events that does not pass.
    pub first_divergence: Option<Told>,
    /// The tolerances that would pass, each alone; each was tried.
    pub smallest_tolerance: Smallest,
    /// The largest differences by phase and step.
    pub growth: Vec<Growth>,
    /// All that has other bits, in the order of events, as far as it was asked for.
    pub differences: Vec<Told>,
    /// How many more there are.
    pub differences_left_out: usize,
}

/// A phase, or a column.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// What was compared, and what came of it.
    #[serde(flatten)]
    pub tally: Tally,
    /// Its first divergence in words, some lines.
    pub first_divergence: Option<String>,
}

/// How far a series goes.
#[derive(Clone, Debug, Serialize)]
pub struct Steps {
    /// Its name.
    pub name: String,
    /// Steps from 1 on that either side has.
    pub steps: usize,
    /// Those in which nothing differs.
    pub steps_equal: usize,
}

/// The smallest tolerances that pass.
#[derive(Clone, Debug, Serialize)]
pub struct Smallest {
    /// The atol with rtol 0, where one passes.
    pub atol: Option<Number>,
    /// The rtol with atol 0, where one passes.
    pub rtol: Option<Number>,
}

/// A difference, and where it is.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The key, or a cell's place, as it is.
    pub key: String,
    /// Its parts, where it is a key of ours.
    pub series: Option<String>,
    /// 0 is before training.
    pub step: Option<usize>,
    /// See [`parity_record::PHASES`].
    pub phase: Option<String>,
    /// PyTorch's name of the tensor.
    pub name: Option<String>,
    /// Where it is, in words that are safe to print.
    pub place: String,
    /// Place and difference in some lines that are safe to print.
    pub words: String,
    /// Whether the tolerance lets it pass.
    pub passes: bool,
    /// How many tensors or cells it stands for.
    pub tensors: usize,
    /// How it differs.
    #[serde(flatten)]
    pub how: How,
}

/// How a tensor or a cell differs.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum How {
    /// Only this side has it.
    OnlyIn {
        /// The side's name.
        side: String,
    },
    /// Only this side has the last lines.
    Lines {
        /// The side's name.
        side: String,
        /// How many lines the other lacks.
        lines: usize,
    },
    /// Of another dtype.
    Dtype {
        /// Both dtypes.
        dtypes: [String; 2],
    },
    /// Of another shape.
    Shape {
        /// Both shapes.
        shapes: [Vec<usize>; 2],
    },
    /// Of another digest, where a side has no values.
    Digest {
        /// Both digests, in hexadecimal.
        digests: [String; 2],
    },
    /// Other words.
    Text {
        /// Both texts.
        texts: [String; 2],
    },
    /// Some values.
    Values {
        /// Where the first one is that does not pass.
        index: Vec<usize>,
        /// Both values there.
        values: [Value; 2],
        /// Their distance in units in the last place; None for NaN.
        ulps: Option<u64>,
        /// How many values the tensor has.
        count: usize,
        /// How many have other bits.
        differing: usize,
        /// How many do not pass.
        failing: usize,
        /// The largest distance in units in the last place.
        max_ulps: u64,
        /// The largest absolute difference.
        max_abs: Number,
        /// Pairs that differ and hold NaN.
        nans: usize,
        /// The values around the first one, of the first divergence only.
        around: Vec<Nearby>,
    },
}

impl Outcome {
    /// The rows of a table by phase, the sum of all last, and how many are left
    /// out: of more than some dozen phases those are shown that differ.
    pub fn shown_phases(&self) -> (Vec<(&str, &Tally)>, usize) {
        let many = self.phases.len() > MOST_ROWS;
        let phases = self.phases.iter().filter(|phase| !many || phase.tally.differs());
        let mut rows: Vec<_> = phases.map(|phase| (&*phase.name, &phase.tally)).collect();
        rows.truncate(MOST_ROWS);
        let left_out = self.phases.len() - rows.len();
        rows.push(("all", &self.total));
        (rows, left_out)
    }

    /// What a phase is called: `phase`, or of a table `column`.
    pub fn group_word(&self) -> &'static str {
        if self.noun == Noun::Cell.word() { "column" } else { "phase" }
    }

    /// What those are that pass: `equal`, or under a tolerance `close`.
    pub fn equal_word(&self) -> &'static str {
        if self.tolerance.is_some() || self.tolerance_by_key { "close" } else { "equal" }
    }
}

impl fmt::Display for Smallest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [atol, rtol] = [&self.atol, &self.rtol].map(|alone| alone.map(|alone| repr(alone.0)));
        match [atol, rtol] {
            [None, None] => f.write_str("none"),
            [Some(atol), None] => write!(f, "atol {atol}"),
            [None, Some(rtol)] => write!(f, "rtol {rtol}"),
            [Some(atol), Some(rtol)] => write!(f, "atol {atol} alone, or rtol {rtol} alone"),
        }
    }
}

impl Told {
    /// How many values differ, the largest ULPs and the largest error, for a table;
    /// of what is no matter of values, how it differs.
    pub fn cells(&self) -> [String; 3] {
        let alone = |text: &str| [text.to_owned(), String::new(), String::new()];
        match &self.how {
            How::OnlyIn { side } => alone(&format!("only {side} has it")),
            How::Lines { side, lines } => {
                alone(&format!("{} more for {side}", counted(*lines, "line")))
            }
            How::Dtype { .. } => alone("dtype"),
            How::Shape { .. } => alone("shape"),
            How::Digest { .. } => alone("digest"),
            How::Text { .. } => alone("text"),
            How::Values { differing, count, max_ulps, max_abs, .. } => [
                format!("{} of {}", thousands(*differing), thousands(*count)),
                thousands_u64(*max_ulps),
                repr(max_abs.0),
            ],
        }
    }
}

impl Report {
    /// The report as plain data, with as many of the differences at most.
    pub fn outcome(&self, differences: usize) -> Outcome {
        let total = self.total();
        let [atol, rtol] = self.needed;
        let first = self.failing().next();
        Outcome {
            verdict: self.verdict(),
            summary: if self.settings.is_empty() {
                self.verdict_line(&total)
            } else {
                "diverged: the settings of the runs differ, so nothing was compared".to_owned()
            },
            sides: self.sides.clone(),
            noun: self.noun.word(),
            step_word: self.step_word.clone(),
            tolerance: self.tolerance,
            tolerance_by_key: self.per_key,
            other_settings: self.settings.clone(),
            notes: self.notes.clone(),
            resynced: self.resynced,
            digests: self.digests,
            total,
            phases: self.phases_told(),
            series: self.series_told(),
            first_divergence: first.map(|first| self.data(first, &self.around)),
            smallest_tolerance: Smallest {
                atol: atol.map(|alone| Number(alone.atol)),
                rtol: rtol.map(|alone| Number(alone.rtol)),
            },
            growth: self.growth(),
            differences: self
                .differences
                .iter()
                .take(differences)
                .map(|d| self.data(d, &[]))
                .collect(),
            differences_left_out: self.differences.len().saturating_sub(differences),
        }
    }

    fn phases_told(&self) -> Vec<Phase> {
        let mut firsts = vec![None; self.groups.len()];
        for difference in self.failing() {
            firsts[difference.group].get_or_insert(difference);
        }
        let phases = self.phases().into_iter().zip(firsts);
        let told = |((name, tally), first): (_, Option<&Difference>)| Phase {
            name,
            tally,
            first_divergence: first.map(|first| self.told(first)),
        };
        phases.map(told).collect()
    }

    fn series_told(&self) -> Vec<Steps> {
        let all = self.series.iter().filter(|(_, series)| series.steps > 0);
        let told = |(name, _): (&String, _)| {
            let (steps_equal, steps) = self.steps_equal(name);
            Steps { name: name.clone(), steps, steps_equal }
        };
        all.map(told).collect()
    }

    fn data(&self, difference: &Difference, around: &[Nearby]) -> Told {
        let place = difference.key.place().filter(|_| self.noun == Noun::Tensor);
        let part = |part: fn(Place<'_>) -> &str| place.map(|place| part(place).to_owned());
        Told {
            key: difference.key.to_string(),
            series: part(|place| place.series),
            step: place.map(|place| place.step),
            phase: part(|place| place.phase),
            name: part(|place| place.name),
            place: self.place(&difference.key),
            words: self.told(difference),
            passes: difference.passes,
            tensors: difference.count,
            how: self.how(&difference.what, around),
        }
    }

    fn how(&self, what: &What, around: &[Nearby]) -> How {
        let side = |side: usize| self.sides[side].clone();
        match what {
            What::OnlyIn(at) => How::OnlyIn { side: side(*at) },
            What::Tail { side: at, lines, .. } => How::Lines { side: side(*at), lines: *lines },
            What::Dtype(both) => How::Dtype { dtypes: both.map(|dtype| dtype.to_string()) },
            What::Digest(both) => How::Digest { digests: both.clone() },
            What::Shape(both) => How::Shape { shapes: both.clone() },
            What::Text(both) => How::Text { texts: both.clone() },
            What::Values(values) => How::Values {
                index: values.index.clone(),
                values: values.first,
                ulps: values.ulps(),
                count: values.count,
                differing: values.differing,
                failing: values.failing,
                max_ulps: values.max_ulps,
                max_abs: Number(values.max_abs),
                nans: values.nans,
                around: around.to_vec(),
            },
        }
    }
}

/// The number of a value, where it has one.
#[derive(Serialize)]
#[serde(untagged)]
enum Numeral {
    Whole(i128),
    Float(Number),
    /// Real and imaginary part.
    Complex([Number; 2]),
    /// Of a dtype whose numbers are not known.
    None,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let float = |value: Value| value.number().map(Number);
        let numeral = match (self.whole(), self.parts(), float(*self)) {
            (Some(whole), ..) => Numeral::Whole(whole),
            (_, Some(parts), _) => {
                Numeral::Complex(parts.map(|part| float(part).expect("it is a float")))
            }
            (.., Some(number)) => Numeral::Float(number),
            _ => Numeral::None,
        };
        let mut fields = serializer.serialize_struct("Value", 3)?;
        fields.serialize_field("dtype", &self.dtype().to_string())?;
        fields.serialize_field("value", &numeral)?;
        fields.serialize_field("bits", &self.hex())?;
        fields.end()
    }
}
