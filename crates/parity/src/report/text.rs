//! The document as text for a terminal, in at most 80 columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::compare::{Detail, Noun, OTHER, Outcome, Report, Tally, What};
use crate::text::{elided, escaped, table, thousands};

use super::rows;
use super::{Comparison, Document};

/// One comparison in full; of several a row each, and where those diverge that do.
pub fn text(document: &Document) -> String {
    match &document.comparisons[..] {
        [only] => comparison(only),
        several => overview(document, several),
    }
}

/// A comparison in full.
pub fn comparison(comparison: &Comparison) -> String {
    let Comparison { ask, outcome, .. } = comparison;
    let before = if comparison.files.is_none() {
        let remarks = lines(comparison.remarks.iter());
        format!("{}{remarks}\n{}", programs(comparison), endings(comparison))
    } else {
        String::new()
    };
    let ask = ask
        .as_ref()
        .map_or(String::new(), |command| format!("\nwhich operation, and which line: {command}\n"));
    let listing = outcome.listing();
    let gap = if listing.is_empty() { "" } else { "\n" };
    format!("{}{before}{}{ask}{gap}{listing}", other_environment(comparison), whole(outcome))
}

fn overview(document: &Document, comparisons: &[Comparison]) -> String {
    let environments: BTreeSet<_> = comparisons.iter().map(other_environment).collect();
    let environments: String = environments.into_iter().collect();
    let [first, ..] = comparisons else { return environments };
    let of_all = |line: &&String| comparisons.iter().all(|it| it.remarks.contains(*line));
    let rows = comparisons.iter().map(|comparison| (&*comparison.name, &comparison.outcome.total));
    let rows: Vec<_> = rows.chain([("all", &document.total)]).collect();
    let divergences = comparisons.iter().filter_map(|Comparison { name, outcome, .. }| {
        let divergence = outcome.divergence();
        (!divergence.is_empty()).then(|| format!("\n{}:\n{divergence}", escaped(name)))
    });
    format!(
        "{environments}{}{}\n{}\nverdict: {}\n{}",
        programs(first),
        lines(first.remarks.iter().filter(of_all)),
        tallies("experiment", &rows, first.outcome.equal_word()),
        document.summary,
        divergences.collect::<String>()
    )
}

fn lines<'t>(lines: impl Iterator<Item = &'t String>) -> String {
    lines.map(|line| line.clone() + "\n").collect()
}

/// What ran both sides.
fn programs(comparison: &Comparison) -> String {
    let [actual, expected] = &comparison.environment;
    let of = |side: &BTreeMap<String, String>, name| {
        escaped(side.get(name).map_or("unknown", String::as_str)).into_owned()
    };
    let threads = |side| match of(side, "threads").as_str() {
        "1" => "1 thread".to_owned(),
        n => format!("{n} threads"),
    };
    let [a, b] = comparison.outcome.sides;
    format!(
        "{a:6}  {}, libtorch {}, {}\n{b:6}  PyTorch {}, {}, CPU capability {}\n",
        of(actual, "by"),
        of(actual, "torch"),
        threads(actual),
        of(expected, "torch"),
        threads(expected),
        of(expected, "cpu_capability"),
    )
}

/// What differs in lines, with an empty one behind them; empty where nothing does.
pub fn other_environment(comparison: &Comparison) -> String {
    let Comparison { other_environment: other, outcome, .. } = comparison;
    if other.is_empty() {
        return String::new();
    }
    let [a, b] = outcome.sides;
    let line = |(name, [x, y]): &(String, [String; 2])| {
        let [name, x, y] = [name, x, y].map(|text| escaped(text));
        let line = format!("  {name}: {x} for {a}, {y} for {b}\n");
        let fits = line.chars().count() <= 81;
        if fits { line } else { format!("  {name}: {x} for {a},\n    {y} for {b}\n") }
    };
    let lines: String = other.iter().map(line).collect();
    format!("{a} and {b} ran in different environments:\n{lines}\n")
}

/// A row for each series. Empty where there is none.
fn endings(comparison: &Comparison) -> String {
    if comparison.endings.is_empty() {
        return String::new();
    }
    let ([series, a, b, ulps, equal, _], rows) = rows::endings(comparison);
    let rows = rows.into_iter().map(|[series, a, b, ulps, equal, all]| {
        [escaped(&series).into_owned(), a, b, ulps, format!("{equal}/{all}")]
    });
    table(&[&series, &a, &b, &ulps, &equal].map(String::as_str), rows) + "\n"
}

/// The table by phase, the verdict, and what led to it.
fn whole(outcome: &Outcome) -> String {
    let is_compared = outcome.other_settings.is_empty();
    let phases = if is_compared { phases(outcome) + "\n" } else { String::new() };
    let notes = outcome.notes.iter().map(|note| escaped(note).into_owned() + "\n");
    let notes: String = notes.collect();
    let verdict = format!("verdict: {}", outcome.summary);
    let fits = verdict.chars().count() <= 80;
    let verdict = if fits { verdict } else { verdict.replace("): ", "):\n  ") };
    format!("{phases}{notes}{verdict}\n{}", outcome.divergence())
}

fn phases(outcome: &Outcome) -> String {
    let (mut rows, left_out) = outcome.shown_phases();
    if let [(OTHER, _), _] = rows[..] {
        rows.remove(0); // of other origin: nothing tells phases apart
    }
    let (group, equal) = (outcome.group_word(), outcome.equal_word());
    let table = match outcome.noun {
        // What values differ by is not known, but of the step that was compared by values.
        Noun::Tensor if outcome.digests => {
            let rows = rows.iter().map(|(name, tally)| {
                let [name, tensors, equal, ..] = row(name, tally);
                [name, tensors, equal]
            });
            table(&[group, "tensors", "equal"], rows)
        }
        Noun::Tensor => tallies(group, &rows, equal),
        Noun::Cell => {
            let rows = rows.iter().map(|(name, tally)| {
                let [name, cells, equal, _, _, ulps, error] = row(name, tally);
                [name, cells, equal, ulps, error]
            });
            table(&[group, "cells", equal, "max ULPs", "max error"], rows)
        }
    };
    table + &rows::more_phases(left_out, outcome)
}

/// A row for each tally under its name, which is a `what`.
fn tallies(what: &str, rows: &[(&str, &Tally)], equal: &str) -> String {
    let header = [what, "tensors", equal, "values", equal, "max ULPs", "max error"];
    table(&header, rows.iter().map(|(name, tally)| row(name, tally)))
}

fn row(name: &str, tally: &Tally) -> [String; 7] {
    let [ulps, error] = distances(tally.nans, tally.max_ulps, tally.max_abs);
    [
        elided(&escaped(name), 20),
        thousands(tally.tensors),
        thousands(tally.tensors_equal),
        thousands(tally.values),
        thousands(tally.values_equal),
        ulps,
        error,
    ]
}

/// The columns of a key in the listing.
const WIDTH: usize = 42;

impl Outcome {
    /// The settings that differ, or where the two first part and what tolerance
    /// would pass; empty where nothing differs.
    pub fn divergence(&self) -> String {
        let Some(first) = &self.first_divergence else {
            let [a, b] = self.sides;
            let (_, rows) = rows::settings(self);
            let line = |row: [String; 3]| {
                let [name, x, y] = row.map(|cell| escaped(&cell).into_owned());
                format!("  {name}: {x} for {a}, {y} for {b}\n")
            };
            return rows.into_iter().map(line).collect();
        };
        let local = if self.resynced { " (local)" } else { "" };
        let smallest = self.smallest_words().map(|words| words.replace(", or", ",\n  or") + "\n");
        let smallest = smallest.unwrap_or_default();
        let beside = self.beside.as_ref().map_or(String::new(), |line| line.clone() + "\n");
        format!("first divergence{local}: {}\n{beside}{smallest}{}", first.words, self.origins())
    }

    /// Of resynced runs: in how many steps errors arose, and by phase how many
    /// tensors are wrong by themselves (local) or by what came before them in
    /// the same step (inherited). Empty where nothing differs.
    pub fn origins(&self) -> String {
        let Some(steps) = self.origins_words() else { return String::new() };
        let (header, rows) = rows::origins(self);
        let rows = rows.into_iter().map(|row| row.map(|cell| escaped(&cell).into_owned()));
        format!("{steps}\n\n{}", table(&header.each_ref().map(String::as_str), rows))
    }

    /// A line for each difference in the order of events: its key, how many of its values
    /// differ, the largest ULPs and the largest error; what passes all the same is marked
    /// `ok`. Empty where none is listed.
    pub fn listing(&self) -> String {
        if self.differences.is_empty() {
            return String::new();
        }
        let noun = self.noun.word();
        let title = format!("{noun:WIDTH$} {:>13} {:>9} {:>9}\n", "differ", "ULPs", "error");
        let lines: String = self.differences.iter().map(|it| self.line(it) + "\n").collect();
        title + &lines + &rows::more(self.differences_left_out)
    }

    fn line(&self, detail: &Detail) -> String {
        let words = match (&detail.what, self.few_words(detail)) {
            (What::OnlyIn { other_ends: Some(_), .. }, Some(words)) => {
                let series = detail.series.as_deref().unwrap_or_default();
                return elided(&format!("{}: {words}", elided(&escaped(series), 30)), 80);
            }
            (_, Some(words)) => words,
            (What::Values(values), None) => {
                let differing = [values.differing, values.count].map(thousands).join(" of ");
                let [ulps, error] = if values.by_bits() {
                    ["by bits".to_owned(), String::new()]
                } else {
                    distances(values.nans, values.max_ulps, values.max_abs)
                };
                let mark = if detail.passes { " ok" } else { "" };
                format!("{:>13} {ulps:>9} {error:>9}{mark}", elided(&differing, 13))
            }
            (_, None) => unreachable!("only values have no words"),
        };
        format!("{:WIDTH$} {}", short_key(detail), elided(&words, 79 - WIDTH))
    }
}

/// A key that fits its column: where it is too long, of the tensor's name the middle is
/// left out, and of the series', but not the phase.
fn short_key(detail: &Detail) -> String {
    let whole = || elided(&escaped(&detail.key), WIDTH);
    let Detail {
        series: Some(series), step: Some(step), phase: Some(phase), name: Some(name), ..
    } = detail
    else {
        return whole();
    };
    let between = format!("/{step:06}/{}/", escaped(phase));
    let room = WIDTH.saturating_sub(between.chars().count());
    if room < 12 {
        return whole();
    }
    let [series, name] = [series, name].map(|part| escaped(part));
    let beside_name = room.saturating_sub(name.chars().count());
    let series = elided(&series, beside_name.max(room / 3));
    let room = room - series.chars().count();
    format!("{series}{between}{}", elided(&name, room))
}

impl fmt::Display for Report {
    /// As text, without a list of differences.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&whole(&self.outcome(0)))
    }
}

/// The largest distance and the largest error, short enough to leave room for the other
/// columns; "nan" where nothing but NaN differs.
fn distances(nans: usize, ulps: u64, error: f64) -> [String; 2] {
    if nans > 0 && ulps == 0 {
        return ["nan", "nan"].map(str::to_owned);
    }
    let ulps = match ulps {
        0..100_000_000 => thousands(ulps as usize),
        _ => format!("{:.1e}", ulps as f64),
    };
    let error = match error {
        0.0 => "0".to_owned(),
        0.01..1e6 => format!("{error:.2}"),
        _ => format!("{error:.2e}"),
    };
    [ulps, error]
}

#[cfg(test)]
mod tests {
    use super::super::tests::comparison;
    use super::*;
    use crate::compare::{Options, compare};
    use parity_record::{Array, Dtype, Key, Trace};

    #[test]
    fn a_key_keeps_its_phase_whatever_is_too_long_in_it() {
        let short = |key: &str| {
            let tensor = Array::new(Dtype::F32, vec![], vec![0; 4]).unwrap();
            let tensors = [(Key::from(key), tensor)].into();
            let one = Trace { tensors, ..Trace::default() };
            let report = compare(["A", "B"], &one, &Trace::default(), &Options::default());
            let listing = report.unwrap().outcome(1).listing();
            listing.lines().nth(1).unwrap().split_once(" only").unwrap().0.trim_end().to_owned()
        };
        let long = "transformer.encoder.layers.11.self_attn.in_proj_weight.exp_avg_sq";
        for (key, expected) in [
            ("MLP-1/000001/grad/fc1.weight", "MLP-1/000001/grad/fc1.weight"),
            (&*format!("GPT-1/000012/state/{long}"), "GPT-1/000012/state/transforme...exp_avg_sq"),
            (
                &*format!("AutoencoderWithAVeryLongName-1/000012/forward/{long}"),
                "Au...e-1/000012/forward/transfo...p_avg_sq",
            ),
            (
                "AutoencoderWithAVeryLongName-1/000012/forward/x",
                "Autoencoder...yLongName-1/000012/forward/x",
            ),
            (long, "transformer.encoder...oj_weight.exp_avg_sq"),
        ] {
            let found = short(key);
            assert!(found.chars().count() <= WIDTH, "{found}");
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn long_names_and_names_of_others_fit() {
        let cpus = ["x".repeat(45), "y".repeat(45)];
        let names = ["blas\n", "x", "y"].map(str::to_owned);
        let [blas, x, y] = names;
        let other = vec![("cpu".to_owned(), cpus), (blas, [x, y])];
        let words = other_environment(&Comparison {
            other_environment: other,
            ..comparison("one", &[1.0])
        });
        assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
        assert!(words.contains(",\n    yyy"), "{words}");
        assert!(words.contains("\n  blas\\n: x for A, y for B\n"), "{words}");
        assert_eq!(other_environment(&comparison("one", &[1.0])), "");
    }
}
