//! The document as a page.

use anyhow::Result;
use torch_parity::compare::{How, Nearby, Outcome, Told, Value, Verdict};
use torch_parity::text::{repr, thousands};

use super::{Comparison, Document, page, shown, words};
use crate::plot::growth;

/// One page that needs no other file. Its numbers are those of the JSON, digit
/// by digit.
pub fn html(document: &Document) -> Result<String> {
    let Document { command, verdict, summary, comparisons, .. } = document;
    let head = format!(
        "<h1>tanh-parity {command}: {}</h1>\n<p data-of=\"summary\">{}</p>\n",
        badge(*verdict),
        shown(summary)
    );
    let alone = comparisons.len() == 1;
    let contents = if alone { String::new() } else { contents(comparisons) };
    let sections = comparisons.iter().enumerate();
    let sections = sections.map(|(i, comparison)| section(i, comparison, alone));
    let body = contents + &sections.collect::<Result<String>>()?;
    Ok(page::page(&format!("tanh-parity {command}: {}", words(*verdict)), &head, &body))
}

fn badge(verdict: Verdict) -> String {
    let (class, sign) = match verdict {
        Verdict::Exact => ("exact", "="),
        Verdict::WithinTolerance => ("within", "≈"),
        Verdict::Diverged => ("diverged", "≠"),
    };
    let words = words(verdict);
    format!(
        "<span class=\"verdict {class}\"><span aria-hidden=\"true\">{sign}</span> {words}</span>"
    )
}

/// Links to the comparisons.
fn contents(comparisons: &[Comparison]) -> String {
    let link = |(i, comparison): (usize, &Comparison)| {
        let (name, verdict) = (shown(&comparison.name), words(comparison.outcome.verdict));
        format!("<li><a href=\"#c{i}\">{name}</a>: {verdict}</li>\n")
    };
    let links: String = comparisons.iter().enumerate().map(link).collect();
    format!("<nav aria-label=\"Comparisons\"><ul>\n{links}</ul></nav>\n")
}

/// A comparison; beside others with its own verdict.
fn section(i: usize, comparison: &Comparison, alone: bool) -> Result<String> {
    let Comparison { name, outcome, .. } = comparison;
    let mut text = format!(
        "<section data-comparison=\"{i}\" aria-labelledby=\"c{i}\">\n<h2 id=\"c{i}\">{}</h2>\n",
        shown(name),
    );
    if !alone {
        let verdict = badge(outcome.verdict);
        text += &format!("<p>{verdict}</p>\n<p>{}</p>\n", shown(&outcome.summary));
    }
    for note in &outcome.notes {
        text += &format!("<p>{}</p>\n", shown(note));
    }
    text += &settings(outcome);
    text += &divergence(outcome);
    text += &phases(outcome);
    text += &plot(outcome)?;
    text += &endings(comparison);
    text += &differences(outcome);
    text += &environment(comparison);
    Ok(text + "</section>\n")
}

/// What differs where runs of other settings were not compared.
fn settings(outcome: &Outcome) -> String {
    if outcome.other_settings.is_empty() {
        return String::new();
    }
    let [a, b] = &outcome.sides;
    let rows = outcome.other_settings.iter();
    let rows = rows.map(|(name, [x, y])| [name.clone(), x.clone(), y.clone()]);
    let table = page::table("other_settings", "Settings that differ", &["setting", a, b], rows);
    format!("<h3>Other settings</h3>\n{table}")
}

fn divergence(outcome: &Outcome) -> String {
    let Some(first) = &outcome.first_divergence else { return String::new() };
    let around = match &first.how {
        How::Values { around, .. } if !around.is_empty() => nearby(outcome, around),
        _ => String::new(),
    };
    format!(
        "<h3>First divergence</h3>\n{}{around}<p>Smallest tolerance that passes: \
         <span data-of=\"smallest_tolerance\">{}</span></p>\n",
        page::lines("First divergence", &first.words),
        shown(&outcome.smallest_tolerance.to_string())
    )
}

/// The values around the first one that differs.
fn nearby(outcome: &Outcome, around: &[Nearby]) -> String {
    let [a, b] = &outcome.sides;
    let number = |value: Value| value.decimal().unwrap_or_default();
    let rows = around.iter().map(|Nearby { index, values: [x, y], ulps }| {
        let same = if x == y { "yes" } else { "no" }.to_owned();
        let ulps = ulps.map_or_else(|| "nan".to_owned(), whole);
        [format!("{index:?}"), number(*x), x.hex(), number(*y), y.hex(), ulps, same]
    });
    let [a_bits, b_bits] = [a, b].map(|side| format!("{side} bits"));
    let header = ["index", a, &a_bits, b, &b_bits, "ULPs", "same bits"];
    page::table("around", "The values around it, in row-major order", &header, rows)
}

fn phases(outcome: &Outcome) -> String {
    if !outcome.other_settings.is_empty() {
        return String::new();
    }
    let (equal, group) = (outcome.equal_word(), outcome.group_word());
    let (shown, left_out) = outcome.shown_phases();
    let rows = shown.into_iter().map(|(name, tally)| {
        [
            name.to_owned(),
            thousands(tally.tensors),
            thousands(tally.tensors_equal),
            thousands(tally.values),
            thousands(tally.values_equal),
            whole(tally.max_ulps),
            repr(tally.max_abs),
        ]
    });
    let what = format!("{}s", outcome.noun);
    let [whats, values] = [&*what, "values"].map(|what| format!("{what} {equal}"));
    let header = [group, &what, &whats, "values", &values, "max ULPs", "max error"];
    let caption = match left_out {
        0 => format!("How much was compared, by {group}"),
        n => format!("How much was compared; {} {group}s that are equal left out", thousands(n)),
    };
    format!("<h3>By {group}</h3>\n{}", page::table("phases", &caption, &header, rows))
}

fn plot(outcome: &Outcome) -> Result<String> {
    if outcome.growth.is_empty() {
        return Ok(String::new());
    }
    let shows = format!(
        "The largest difference by {} and phase: absolute, and in units in the last place",
        outcome.step_word
    );
    let svg = growth(&outcome.sides, &outcome.growth)?;
    Ok(format!("<h3>Where it grows</h3>\n{}", page::svg(&svg, &shows)))
}

fn endings(comparison: &Comparison) -> String {
    let Comparison { endings, outcome, .. } = comparison;
    if endings.is_empty() {
        return String::new();
    }
    let rows = endings.iter().map(|ending| {
        let [x, y] = ending.losses;
        let number = |loss: Option<Value>| loss.and_then(Value::decimal).unwrap_or_default();
        let ulps = ending.ulps_text(whole);
        let [equal, all] = [ending.steps_equal, ending.steps].map(thousands);
        [ending.series.clone(), number(x), number(y), ulps, equal, all]
    });
    let [a, b] = &outcome.sides;
    let steps = format!("{}s", outcome.step_word);
    let [a, b, equal] =
        [format!("{a} final loss"), format!("{b} final loss"), format!("{steps} equal")];
    let header = ["series", &a, &b, "ULPs", &equal, &steps];
    format!("<h3>By series</h3>\n{}", page::table("endings", "How each series ends", &header, rows))
}

fn differences(outcome: &Outcome) -> String {
    if outcome.differences.is_empty() {
        return String::new();
    }
    let rows = outcome.differences.iter().map(|told: &Told| {
        let [differ, ulps, error] = told.cells();
        [told.key.clone(), differ, ulps, error, if told.passes { "yes" } else { "no" }.to_owned()]
    });
    let caption = match outcome.differences_left_out {
        0 => "Everything that differs, in the order of events".to_owned(),
        n => format!("What differs, in the order of events; {} more left out", thousands(n)),
    };
    let header = [outcome.noun, "differ", "max ULPs", "max error", "passes"];
    let table = page::table("differences", &caption, &header, rows);
    format!("<h3>Differences</h3>\n{table}")
}

/// What ran, and with which settings.
fn environment(comparison: &Comparison) -> String {
    let Comparison { environment: both, settings, told, files, outcome, .. } = comparison;
    let mut text = String::new();
    let names: std::collections::BTreeSet<_> = both.iter().flat_map(|side| side.keys()).collect();
    let rows = names.into_iter().map(|name| {
        let [x, y] = both.each_ref().map(|side| side.get(name).cloned().unwrap_or_default());
        [name.clone(), x, y]
    });
    let file = files.iter().map(|[a, b]| ["file".to_owned(), a.clone(), b.clone()]);
    let rows: Vec<_> = file.chain(rows).collect();
    let [a, b] = &outcome.sides;
    if !rows.is_empty() {
        text += &page::table("environment", "What ran, and where", &["what", a, b], rows);
    }
    if !settings.is_empty() {
        let rows = settings.iter().map(|(name, value)| [name.clone(), value.clone()]);
        text += &page::table("settings", "Settings", &["setting", "value"], rows);
    }
    if !told.is_empty() {
        text += &page::lines("Notes", &told.join("\n"));
    }
    if text.is_empty() { text } else { format!("<h3>Environment</h3>\n{text}") }
}

fn whole(n: u64) -> String {
    thousands(usize::try_from(n).unwrap_or(usize::MAX))
}
