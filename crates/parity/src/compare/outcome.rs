//! A comparison as plain data: what every form of a report is made of.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::difference::{Difference, What};
use super::report::{Growth, Noun, Report};
use super::words::other;
use super::{Sides, Tally, Tolerance, Value, Verdict};
use crate::text::{Number, counted, elided, escaped, repr, thousands};
use parity_record::Place;

/// Rows of a table by phase or column beyond which only those that differ are
/// shown.
const MOST_ROWS: usize = 24;

/// A comparison as plain data, serialised under the names of its fields. Of what has
/// two sides, the actual one comes first.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What it came to.
    pub verdict: Verdict,
    /// The verdict in words, with the counts that it rests on.
    pub summary: String,
    /// What the two sides are called.
    pub sides: Sides,
    /// What is compared.
    pub noun: Noun,
    /// What a step is called.
    pub step_word: String,
    /// What lets values differ, where that is given for all.
    pub tolerance: Option<Tolerance>,
    /// Whether some keys have a tolerance of their own.
    pub tolerance_by_key: bool,
    /// The settings that differ, name and both values: then nothing is compared.
    pub other_settings: Vec<(String, [String; 2])>,
    /// What is to be known beside the verdict, a line each: what options changed or
    /// left out, which values are not numbers.
    pub notes: Vec<String>,
    /// Whether both runs went on from the same values after each step.
    pub resynced: bool,
    /// Whether a side has digests in place of values: then what values differ by is
    /// known of that step only which was compared by values.
    pub digests: bool,
    /// The sum over all phases.
    pub total: Tally,
    /// By phase, in the order of events; of a table, by column.
    pub phases: Vec<Phase>,
    /// By series: steps from 1 on.
    pub series: Vec<Steps>,
    /// The first in the order of events that does not pass.
    pub first_divergence: Option<Detail>,
    /// What else differs in its phase and its step, in a line.
    pub beside: Option<String>,
    /// The tolerances that would pass, each alone; each was tried.
    pub smallest_tolerance: Smallest,
    /// The largest differences by phase and step.
    pub growth: Vec<Growth>,
    /// All that has other bits, in the order of events, as far as it was asked for.
    /// What a side lacks because it ends earlier stands together.
    pub differences: Vec<Detail>,
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
    /// Whether that atol is larger than every value of both sides, where they differ:
    /// then no tolerance is of use.
    pub differ_altogether: bool,
}

/// A difference, and where it is.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
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
    pub what: What,
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
        match self.noun {
            Noun::Tensor => "phase",
            Noun::Cell => "column",
        }
    }

    /// What those are that pass: `equal`, or under a tolerance `close`.
    pub fn equal_word(&self) -> &'static str {
        if self.tolerance.is_some() || self.tolerance_by_key { "close" } else { "equal" }
    }

    /// Which tolerance would pass, in words; None where nothing diverges, and where
    /// digests do not tell.
    pub fn smallest_words(&self) -> Option<String> {
        let tells = self.first_divergence.is_some() && !self.digests;
        tells.then(|| match self.smallest_tolerance {
            Smallest { differ_altogether: true, .. } => {
                "no tolerance is of use: the values differ by more than they are large".to_owned()
            }
            ref smallest => format!("smallest tolerance that passes: {smallest}"),
        })
    }

    /// Of resynced runs that diverge, in how many steps errors arose.
    pub fn origins_words(&self) -> Option<String> {
        let sum = |count: fn(&Steps) -> usize| self.series.iter().map(count).sum();
        let wrong = sum(|series| series.steps - series.steps_equal);
        let [wrong, all] = [wrong, sum(|series| series.steps)].map(thousands);
        let words = || format!("steps with an error of their own: {wrong} of {all}");
        (self.resynced && self.first_divergence.is_some()).then(words)
    }

    /// How a difference that is no matter of values differs, in a few words.
    pub fn few_words(&self, detail: &Detail) -> Option<String> {
        let [a, b] = self.sides;
        Some(match &detail.what {
            What::OnlyIn { side, other_ends: None } => format!("only {side} has it"),
            What::OnlyIn { side, other_ends: Some(end) } => {
                let missing = counted(detail.tensors, self.noun.word());
                let other = other(self.sides, side);
                format!("{other} ends at {} {end}, {missing} missing", self.step_word)
            }
            What::Lines { side, lines, .. } => {
                format!("{} more for {side}", counted(*lines, "line"))
            }
            What::Dtype { dtypes: [x, y] } => format!("dtype {x} for {a}, {y} for {b}"),
            What::Shape { shapes: [x, y] } => format!("shape {x:?} for {a}, {y:?} for {b}"),
            What::Digest { .. } => "different digests".to_owned(),
            What::Text { texts } => {
                let [x, y] = texts.each_ref().map(|text| elided(&escaped(text), 12));
                format!("\"{x}\" for {a}, \"{y}\" for {b}")
            }
            What::Values(_) => return None,
        })
    }
}

impl fmt::Display for Smallest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An rtol above 1 is larger than the values themselves.
        let rtol = self.rtol.filter(|rtol| rtol.0 <= 1.0);
        let [atol, rtol] = [self.atol, rtol].map(|alone| alone.map(|alone| repr(alone.0)));
        match [atol, rtol] {
            [None, None] => f.write_str("none"),
            [Some(atol), None] => write!(f, "atol {atol}"),
            [None, Some(rtol)] => write!(f, "rtol {rtol}"),
            [Some(atol), Some(rtol)] => write!(f, "atol {atol} alone, or rtol {rtol} alone"),
        }
    }
}

impl Report {
    /// The report as plain data, with as many of the differences at most.
    pub fn outcome(&self, differences: usize) -> Outcome {
        let total = self.total();
        let [atol, rtol] = self.needed;
        let mut notes = self.notes.clone();
        if total.nans > 0 {
            let values = counted(total.nans, "value");
            notes.push(format!("not a number on one side or both: {values}"));
        }
        if self.resynced {
            let [a, b] = self.sides;
            notes.push(format!("resynced: after each step {a} goes on from {b}'s values"));
        }
        let (differences, differences_left_out) = self.listed(differences);
        Outcome {
            verdict: self.verdict(),
            summary: self.summary(&total),
            sides: self.sides,
            noun: self.noun,
            step_word: self.step_word.clone(),
            tolerance: self.tolerance,
            tolerance_by_key: self.per_key,
            other_settings: self.settings.clone(),
            notes,
            resynced: self.resynced,
            digests: self.digests,
            total,
            phases: self.phases_with_firsts(),
            series: self.series_with_steps(),
            first_divergence: self.failing().next().map(|first| self.detail(first)),
            beside: self.beside.clone(),
            smallest_tolerance: Smallest {
                atol: atol.map(|alone| Number(alone.atol)),
                rtol: rtol.map(|alone| Number(alone.rtol)),
                differ_altogether: atol.is_some_and(|alone| alone.atol > self.largest),
            },
            growth: self.growth(),
            differences,
            differences_left_out,
        }
    }

    fn phases_with_firsts(&self) -> Vec<Phase> {
        let mut firsts = vec![None; self.groups.len()];
        for difference in self.failing() {
            firsts[difference.group].get_or_insert(difference);
        }
        let phases = self.phases().into_iter().zip(firsts);
        let phases = phases.map(|((name, tally), first)| Phase {
            name,
            tally,
            first_divergence: first.map(|first| self.words(first)),
        });
        phases.collect()
    }

    fn series_with_steps(&self) -> Vec<Steps> {
        let all = self.series.iter().filter(|(_, series)| series.steps > 0);
        let all = all.map(|(name, series)| Steps {
            name: name.clone(),
            steps: series.steps,
            steps_equal: series.steps - series.wrong,
        });
        all.collect()
    }

    /// The differences, at most `limit`, and how many more there are. What a side lacks
    /// because it ends earlier is one of them.
    fn listed(&self, limit: usize) -> (Vec<Detail>, usize) {
        let (mut listed, mut count, mut open) = (Vec::<Detail>::new(), 0, None);
        for difference in &self.differences {
            let ends = match difference.what {
                What::OnlyIn { side, other_ends: Some(_) } => {
                    difference.key.place().map(|place| (place.series, side))
                }
                _ => None,
            };
            let goes_on = ends.is_some() && ends == open;
            if !goes_on {
                (count, open) = (count + 1, ends);
            }
            match listed.last_mut() {
                _ if count > limit => {}
                Some(last) if goes_on => last.tensors += difference.count,
                _ => listed.push(self.detail(difference)),
            }
        }
        (listed, count.saturating_sub(limit))
    }

    fn detail(&self, difference: &Difference) -> Detail {
        let place = difference.key.place().filter(|_| self.noun == Noun::Tensor);
        let part = |part: fn(Place<'_>) -> &str| place.map(|place| part(place).to_owned());
        Detail {
            key: difference.key.to_string(),
            series: part(|place| place.series),
            step: place.map(|place| place.step),
            phase: part(|place| place.phase),
            name: part(|place| place.name),
            place: self.key_words(&difference.key),
            words: self.words(difference),
            passes: difference.passes,
            tensors: difference.count,
            what: difference.what.clone(),
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
