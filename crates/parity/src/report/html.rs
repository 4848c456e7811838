//! The document as a page.

use std::collections::BTreeSet;

use crate::compare::{Nearby, Outcome, Value, Verdict, What};
use crate::text::{thousands, thousands_u64};
use anyhow::Result;

use super::{Comparison, Document, page, rows, shown, words};
use crate::plot::growth;

/// One page that needs no other file. Its numbers are those of the JSON, digit
/// by digit.
pub fn html(document: &Document) -> Result<String> {
    let title = document.title();
    let Document { verdict, summary, comparisons, .. } = document;
    let head = format!(
        "<h1>{title}: {}</h1>\n<p data-of=\"summary\">{}</p>\n",
        badge(*verdict),
        shown(summary)
    );
    let alone = comparisons.len() == 1;
    let contents = if alone { String::new() } else { contents(comparisons) };
    let sections = comparisons.iter().enumerate();
    let sections = sections.map(|(i, comparison)| section(i, comparison, alone));
    let body = contents + &sections.collect::<Result<Vec<_>>>()?.concat();
    Ok(page::page(&format!("{title}: {}", words(*verdict)), &head, &body))
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
    let links: Vec<_> = comparisons.iter().enumerate().map(link).collect();
    format!("<nav aria-label=\"Comparisons\"><ul>\n{}</ul></nav>\n", links.concat())
}

/// A comparison; beside others with its own verdict.
fn section(i: usize, comparison: &Comparison, alone: bool) -> Result<String> {
    let Comparison { name, outcome, .. } = comparison;
    let verdict = if alone {
        String::new()
    } else {
        format!("<p>{}</p>\n<p>{}</p>\n", badge(outcome.verdict), shown(&outcome.summary))
    };
    let notes = outcome.notes.iter().map(|note| format!("<p>{}</p>\n", shown(note)));
    let parts = [
        other_environment(comparison),
        verdict,
        notes.collect::<Vec<_>>().concat(),
        settings(outcome),
        divergence(outcome),
        phases(outcome),
        plot(outcome)?,
        endings(comparison),
        differences(outcome),
        environment(comparison),
    ];
    Ok(format!(
        "<section data-comparison=\"{i}\" aria-labelledby=\"c{i}\">\n<h2 id=\"c{i}\">{}</h2>\n\
         {}</section>\n",
        shown(name),
        parts.concat()
    ))
}

/// What differs between the two environments.
fn other_environment(comparison: &Comparison) -> String {
    if comparison.other_environment.is_empty() {
        return String::new();
    }
    let [a, b] = comparison.outcome.sides;
    let caption = format!("{a} and {b} ran in different environments");
    page::table("other_environment", &caption, rows::environment(comparison))
}

/// What differs where runs of other settings were not compared.
fn settings(outcome: &Outcome) -> String {
    if outcome.other_settings.is_empty() {
        return String::new();
    }
    let table = page::table("other_settings", "Settings that differ", rows::settings(outcome));
    format!("<h3>Other settings</h3>\n{table}")
}

fn divergence(outcome: &Outcome) -> String {
    let Some(first) = &outcome.first_divergence else { return String::new() };
    let around = match &first.what {
        What::Values(values) if !values.around.is_empty() => nearby(outcome, &values.around),
        _ => String::new(),
    };
    let words = [outcome.beside.clone(), outcome.smallest_words()].into_iter().flatten();
    let words: Vec<_> = words.map(|words| format!("<p>{}</p>\n", shown(&words))).collect();
    let words = words.concat();
    let origins =
        outcome.origins_words().map(|words| page::table("origins", &words, rows::origins(outcome)));
    format!(
        "<h3>First divergence</h3>\n{}{around}{words}{}",
        page::lines("First divergence", &first.words),
        origins.unwrap_or_default()
    )
}

/// The values around the first one that differs.
fn nearby(outcome: &Outcome, around: &[Nearby]) -> String {
    let [a, b] = outcome.sides.map(str::to_owned);
    let number = |value: Value| value.decimal().unwrap_or_default();
    let rows = around.iter().map(|Nearby { index, values: [x, y], ulps }| {
        let same = if x == y { "yes" } else { "no" }.to_owned();
        let ulps = ulps.map_or_else(|| "nan".to_owned(), thousands_u64);
        [format!("{index:?}"), number(*x), x.hex(), number(*y), y.hex(), ulps, same]
    });
    let [a_bits, b_bits] = [&a, &b].map(|side| format!("{side} bits"));
    let [index, ulps, same] = ["index", "ULPs", "same bits"].map(str::to_owned);
    let header = [index, a, a_bits, b, b_bits, ulps, same];
    let caption = "The values around it, in row-major order";
    page::table("around", caption, (header, rows.collect()))
}

fn phases(outcome: &Outcome) -> String {
    if !outcome.other_settings.is_empty() {
        return String::new();
    }
    let group = outcome.group_word();
    let (table, left_out) = rows::phases(outcome);
    let caption = match left_out {
        0 => format!("How much was compared, by {group}"),
        n => format!(
            "How much was compared, by {group} {}",
            rows::more_phases(n, outcome).trim_end()
        ),
    };
    format!("<h3>By {group}</h3>\n{}", page::table("phases", &caption, table))
}

fn plot(outcome: &Outcome) -> Result<String> {
    if outcome.growth.is_empty() {
        return Ok(String::new());
    }
    let shows = format!(
        "The largest difference by {} and {}: absolute, and in units in the last place",
        outcome.step_word,
        outcome.group_word()
    );
    let svg = growth(outcome)?;
    Ok(format!("<h3>Where it grows</h3>\n{}", page::svg(&svg, &shows)))
}

fn endings(comparison: &Comparison) -> String {
    if comparison.endings.is_empty() {
        return String::new();
    }
    let table = page::table("endings", "How each series ends", rows::endings(comparison));
    format!("<h3>By series</h3>\n{table}")
}

fn differences(outcome: &Outcome) -> String {
    if outcome.differences.is_empty() {
        return String::new();
    }
    let caption = match outcome.differences_left_out {
        0 => "Everything that differs, in the order of events".to_owned(),
        n => format!("What differs, in the order of events; {} more left out", thousands(n)),
    };
    let table = page::table("differences", &caption, rows::differences(outcome));
    format!("<h3>Differences</h3>\n{table}")
}

/// What ran, and with which settings.
fn environment(comparison: &Comparison) -> String {
    let Comparison { environment: both, settings, remarks, ask, files, outcome, .. } = comparison;
    let names: BTreeSet<_> = both.iter().flat_map(|side| side.keys()).collect();
    let rows = names.into_iter().map(|name| {
        let [x, y] = both.each_ref().map(|side| side.get(name).cloned().unwrap_or_default());
        [name.clone(), x, y]
    });
    let file = files.iter().map(|[a, b]| ["file".to_owned(), a.clone(), b.clone()]);
    let rows: Vec<_> = file.chain(rows).collect();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        let [a, b] = outcome.sides.map(str::to_owned);
        let header = ["what".to_owned(), a, b];
        parts.push(page::table("environment", "What ran, and where", (header, rows)));
    }
    if !settings.is_empty() {
        let rows = settings.iter().map(|(name, value)| [name.clone(), value.clone()]);
        let header = ["setting", "value"].map(str::to_owned);
        parts.push(page::table("settings", "Settings", (header, rows.collect())));
    }
    if !remarks.is_empty() {
        parts.push(page::lines("Notes", &remarks.join("\n")));
    }
    if let Some(command) = ask {
        parts.push(page::lines("Which operation, and which line", command));
    }
    let title = if parts.is_empty() { "" } else { "<h3>Environment</h3>\n" };
    title.to_owned() + &parts.concat()
}
