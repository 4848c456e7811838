//! The tables of a comparison, as cells of text: the same in Markdown and on a
//! page.

use crate::compare::{Outcome, Value, What};
use crate::text::{counted, repr, thousands, thousands_u64};

use super::Comparison;

/// A table's header and its rows.
pub type Table<const N: usize> = ([String; N], Vec<[String; N]>);

/// "and 3 more phases", as a line; empty where none is left out.
pub fn more_phases(left_out: usize, outcome: &Outcome) -> String {
    match left_out {
        0 => String::new(),
        n => format!("and {}\n", counted(n, &format!("more {}", outcome.group_word()))),
    }
}

/// "and 3 more", as a line; empty where none is left out.
pub fn more(left_out: usize) -> String {
    if left_out == 0 { String::new() } else { format!("and {} more\n", thousands(left_out)) }
}

/// What differs between the two environments.
pub fn environment(comparison: &Comparison) -> Table<3> {
    let [a, b] = comparison.outcome.sides.map(str::to_owned);
    let rows = comparison.other_environment.iter();
    let rows = rows.map(|(name, [x, y])| [name.clone(), x.clone(), y.clone()]);
    (["environment".to_owned(), a, b], rows.collect())
}

/// The settings that differ.
pub fn settings(outcome: &Outcome) -> Table<3> {
    let [a, b] = outcome.sides.map(str::to_owned);
    let or_none = |text: &String| if text.is_empty() { "none".to_owned() } else { text.clone() };
    let rows = outcome.other_settings.iter();
    let rows = rows.map(|(name, [x, y])| [name.clone(), or_none(x), or_none(y)]);
    (["setting".to_owned(), a, b], rows.collect())
}

/// How much was compared by phase, and how many phases are left out.
pub fn phases(outcome: &Outcome) -> (Table<7>, usize) {
    let (shown, left_out) = outcome.shown_phases();
    let rows = shown.into_iter().map(|(name, tally)| {
        // Digests tell which tensors differ, and not by how much.
        let known = |cell: String| if outcome.digests { "-".to_owned() } else { cell };
        [
            name.to_owned(),
            thousands(tally.tensors),
            thousands(tally.tensors_equal),
            thousands(tally.values),
            known(thousands(tally.values_equal)),
            known(thousands_u64(tally.max_ulps)),
            known(repr(tally.max_abs)),
        ]
    });
    let (equal, what) = (outcome.equal_word(), format!("{}s", outcome.noun.word()));
    let [whats, values] = [&*what, "values"].map(|what| format!("{what} {equal}"));
    let words = |text: &str| text.to_owned();
    let header = [
        words(outcome.group_word()),
        what,
        whats,
        words("values"),
        values,
        words("max ULPs"),
        words("max error"),
    ];
    ((header, rows.collect()), left_out)
}

/// How each series ends.
pub fn endings(comparison: &Comparison) -> Table<6> {
    let Comparison { endings, outcome, .. } = comparison;
    let number = |loss: Option<Value>| loss.and_then(Value::decimal).unwrap_or_default();
    let rows = endings.iter().map(|ending| {
        let [x, y] = ending.losses.map(number);
        let [equal, all] = [ending.steps_equal, ending.steps].map(thousands);
        [ending.series.clone(), x, y, ending.ulps_text(), equal, all]
    });
    let [a, b] = outcome.sides.map(|side| format!("{side} final loss"));
    let steps = format!("{}s", outcome.step_word);
    let (series, ulps, equal) = ("series".to_owned(), "ULPs".to_owned(), format!("{steps} equal"));
    ([series, a, b, ulps, equal, steps], rows.collect())
}

/// Of resynced runs, how many tensors are wrong by themselves and how many by what came
/// before them in their step.
pub fn origins(outcome: &Outcome) -> Table<3> {
    let phases = outcome.phases.iter().map(|phase| (&*phase.name, &phase.tally));
    let rows = phases.chain([("all", &outcome.total)]).map(|(name, tally)| {
        let differ = tally.tensors - tally.tensors_equal;
        [name.to_owned(), thousands(tally.local), thousands(differ - tally.local)]
    });
    (["tensors that differ", "local", "inherited"].map(str::to_owned), rows.collect())
}

/// What differs, as far as it is listed.
pub fn differences(outcome: &Outcome) -> Table<5> {
    let rows = outcome.differences.iter().map(|detail| {
        let [differ, ulps, error] = match (&detail.what, outcome.few_words(detail)) {
            (What::Values(values), _) => [
                [values.differing, values.count].map(thousands).join(" of "),
                thousands_u64(values.max_ulps),
                repr(values.max_abs),
            ],
            (_, words) => [words.unwrap_or_default(), String::new(), String::new()],
        };
        let passes = if detail.passes { "yes" } else { "no" };
        [detail.key.clone(), differ, ulps, error, passes.to_owned()]
    });
    let header = [outcome.noun.word(), "differ", "max ULPs", "max error", "passes"];
    (header.map(str::to_owned), rows.collect())
}
